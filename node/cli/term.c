/* term.c: the terminal: style, safe text, questions, the progress line, Ctrl-C.
 * It may not know any document. */
#include "term.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PLAIN_WIDTH 80   /* of wrapped text where there is no terminal */
#define WIDTH_MAX   1000 /* a COLUMNS beyond it says nothing */
#define WIDEST      100  /* longer lines are hard to read */
#define LABEL       16

static bool coloured(FILE *f)
{
    const char *no = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(fileno(f)) && (no == NULL || no[0] == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

static unsigned columns(FILE *f)
{
    struct winsize w;
    const char *set = getenv("COLUMNS");
    if (!isatty(fileno(f))) {
        return 0;
    }
    unsigned long wanted = set != NULL ? strtoul(set, NULL, 10) : 0;
    if (wanted > 0 && wanted <= WIDTH_MAX) {
        return (unsigned)wanted;
    }
    return ioctl(fileno(f), TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : PLAIN_WIDTH;
}

struct mdl_style term_style(FILE *f)
{
    return (struct mdl_style){.colour = coloured(f), .width = columns(f)};
}

/* ---- text --------------------------------------------------------------------------------------
 */

/* Line by line, since the line feed itself is a control character. */
static void safe(FILE *f, char *text)
{
    char *line = text;
    char *end;
    while ((end = strchr(line, '\n')) != NULL) {
        *end = '\0';
        mdl_text_print(line, 0, f);
        (void)fputc('\n', f);
        line = end + 1;
    }
    mdl_text_print(line, 0, f);
}

static void say_list(FILE *f, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static void say_list(FILE *f, const char *fmt, va_list ap)
{
    char *text = NULL;
    if (vasprintf(&text, fmt, ap) >= 0) {
        safe(f, text);
        free(text);
    }
}

void say(FILE *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say_list(f, fmt, ap);
    va_end(ap);
}

void say_shade(FILE *f, enum shade shade, const char *fmt, ...)
{
    static const char *const codes[] = {"1", "2", "32", "33", "31"};
    va_list ap;
    bool colour = coloured(f);

    if (colour) {
        (void)fprintf(f, "\033[%sm", codes[shade]);
    }
    va_start(ap, fmt);
    say_list(f, fmt, ap);
    va_end(ap);
    if (colour) {
        (void)fputs("\033[0m", f);
    }
}

void say_wrapped(FILE *f, const char *first, const char *text)
{
    say(f, "%s", first);
    say_from(f, mdl_text_width(first), text);
}

void say_from(FILE *f, size_t indent, const char *text)
{
    size_t width = columns(f);
    size_t at = indent;
    width = width == 0 ? PLAIN_WIDTH : width > WIDEST ? WIDEST : width;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        char *word = strndup(text, len);
        if (word == NULL) {
            return;
        }
        text += len;
        text += strspn(text, " ");
        size_t w = mdl_text_width(word);
        if (at > indent && at + 1 + w > width) {
            (void)fprintf(f, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            (void)fputc(' ', f);
            at++;
        }
        mdl_text_print(word, 0, f);
        free(word);
        at += w;
    }
    (void)fputc('\n', f);
}

void say_field(FILE *f, const char *label, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0) {
        return;
    }
    if (n > 0) {
        say_shade(f, SHADE_DIM, "  %-*s", LABEL, label);
        mdl_text_print(text, 0, f);
        (void)fputc('\n', f);
    }
    free(text);
}

void put_text(FILE *f, const char *text, size_t len)
{
    if (!isatty(fileno(f))) {
        (void)fwrite(text, 1, len, f);
        return;
    }
    char *copy = malloc(len + 1);
    if (copy == NULL) {
        return;
    }
    size_t n = 0;
    for (size_t i = 0; i < len; i++) { /* the CR of CSV lines would show as a replaced character */
        if (text[i] != '\0' && !(text[i] == '\r' && i + 1 < len && text[i + 1] == '\n')) {
            copy[n++] = text[i];
        }
    }
    copy[n] = '\0';
    safe(f, copy);
    free(copy);
}

bool put_json(FILE *f, const json_t *document)
{
    char *text =
        json_dumps(document, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12));
    if (text == NULL) {
        return false;
    }
    put_text(f, text, strlen(text));
    (void)fputc('\n', f);
    free(text);
    return fflush(f) == 0 && ferror(f) == 0;
}

/* ---- questions ---------------------------------------------------------------------------------
 */

bool term_can_ask(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool term_ask(const char *question)
{
    char answer[16] = "";
    (void)fflush(stdout);
    say_shade(stderr, SHADE_BOLD, "%s", question);
    (void)fputs(" [y/N] ", stderr);
    (void)fflush(stderr);
    if (fgets(answer, sizeof answer, stdin) == NULL) {
        (void)fputc('\n', stderr);
        return false;
    }
    answer[strcspn(answer, "\r\n")] = '\0';
    return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}

/* ---- progress ----------------------------------------------------------------------------------
 */

static bool drawn;

bool progress_shown(void)
{
    return isatty(STDERR_FILENO);
}

void progress(const char *fmt, ...)
{
    char text[512];
    va_list ap;

    if (!progress_shown()) {
        return;
    }
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    unsigned width = columns(stderr);
    (void)fputc('\r', stderr);
    mdl_text_print(text, width > 1 ? width - 1 : 1, stderr);
    (void)fputs("\033[K", stderr);
    (void)fflush(stderr);
    drawn = true;
}

void progress_clear(void)
{
    if (drawn) {
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
        drawn = false;
    }
}

const char *bar(double done, double total, unsigned cells, char *out, size_t out_size)
{
    double part = total > 0 ? done / total : 0;
    unsigned full = part >= 1 ? cells : part > 0 ? (unsigned)(part * cells) : 0;
    size_t used = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < cells && used + 4 < out_size; i++) {
        used += (size_t)snprintf(out + used, out_size - used, "%s", i < full ? "█" : "░");
    }
    return out;
}

/* ---- Ctrl-C ------------------------------------------------------------------------------------
 */

static volatile sig_atomic_t caught;

static void on_interrupt(int signo)
{
    (void)signo;
    caught = 1;
}

void interrupt_catch(void)
{
    struct sigaction sa = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    (void)sigemptyset(&sa.sa_mask);
    (void)sigaction(SIGINT, &sa, NULL);
    (void)sigaction(SIGTERM, &sa, NULL);
}

void interrupt_restore(void)
{
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
}

bool interrupted(void)
{
    return caught != 0;
}
