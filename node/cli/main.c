/* main.c: the program `mandorla`.
 * It may not do anything but start: cli_main does. */
#include "cli.h"

int main(int argc, char *argv[])
{
    return cli_main(argc, argv);
}
