/* ct_memory.c: runs one operation of one engine with its secrets marked undefined, under valgrind,
 * which complains about every branch and address that depends on them. usage: ENGINE CASE
 * (The idea is Adam Langley's ctgrind.) */
#include "ct.h"

#include <stdio.h>
#include <valgrind/memcheck.h>

int main(int argc, char **argv)
{
    const struct mdl_engine *e;
    const struct ct_case *c;
    static struct ct_job job;
    int rc = ct_arguments(argc, argv, &e, &c);

    if (rc != 0) {
        return rc;
    }
    if (RUNNING_ON_VALGRIND == 0) {
        (void)fprintf(stderr, "%s: only valgrind sees anything here\n", argv[0]);
        return 2;
    }
    ct_fill(&job);
    (void)VALGRIND_MAKE_MEM_UNDEFINED(job.k, sizeof job.k);
    (void)VALGRIND_MAKE_MEM_UNDEFINED(job.uniform, sizeof job.uniform);
    c->run(e, &job);
    /* What comes out is published. */
    (void)VALGRIND_MAKE_MEM_DEFINED(job.out, sizeof job.out);
    (void)VALGRIND_MAKE_MEM_DEFINED(job.status, sizeof job.status);
    (void)printf("%s %s: done\n", argv[1], argv[2]);
    return 0;
}
