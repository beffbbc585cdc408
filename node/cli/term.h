/* term.h: what a person sees. Everything that goes to a terminal passes here: control characters
 * (of a partner's name, a CRM's text, a server's message) become U+FFFD, so that nothing but this
 * file steers the terminal. Colour only on a terminal, and not with NO_COLOR. One thread.
 */
#ifndef MANDORLA_CLI_TERM_H
#define MANDORLA_CLI_TERM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <table.h>

enum shade { SHADE_BOLD, SHADE_DIM, SHADE_GREEN, SHADE_YELLOW, SHADE_RED };

/* Style for a stream: colour and width where it is a terminal. */
struct mdl_style term_style(FILE *f);
/* Whether questions can be asked: standard input and standard error are terminals. */
bool term_can_ask(void);
/* Asks on standard error; false unless the answer is y or yes. */
bool term_ask(const char *question);

/* printf; line feeds stay, every other control character of the result is replaced. */
void say(FILE *f, const char *fmt, ...) MDL_PRINTF(2, 3);
void say_shade(FILE *f, enum shade shade, const char *fmt, ...) MDL_PRINTF(3, 4);
/* Text as a paragraph: `first` before its first line, the others indented to the same column. */
void say_wrapped(FILE *f, const char *first, const char *text);
/* The same, with the cursor at column `indent` already. */
void say_from(FILE *f, size_t indent, const char *text);
/* "  Label        value", shared column. Nothing if the value is "". */
void say_field(FILE *f, const char *label, const char *fmt, ...) MDL_PRINTF(3, 4);
/* Bytes as they are to a pipe or file; to a terminal without control characters. */
void put_text(FILE *f, const char *text, size_t len);
/* A document: raw JSON. False if the stream failed. */
bool put_json(FILE *f, const json_t *document);

/* One line on standard error that is drawn over; nothing if that is no terminal. */
void progress(const char *fmt, ...) MDL_PRINTF(1, 2);
void progress_clear(void);
bool progress_shown(void);
/* "███████░░░░░" of `cells` characters; done/total, 0 for total 0. */
const char *bar(double done, double total, unsigned cells, char *out, size_t out_size);

/* From here on Ctrl-C sets a flag instead of ending the program; a second one ends it. */
void interrupt_catch(void);
void interrupt_restore(void);
bool interrupted(void);

/* ---- numbers and times as text, into a caller's buffer, which is returned */
#define FORM 48
const char *form_number(json_int_t n, char out[FORM]); /* 1,234,567 */
/* "1 account", "1,234 accounts" */
const char *form_count(json_int_t n, const char *one, const char *many, char out[FORM]);
const char *form_bytes(json_int_t n, char out[FORM]);       /* 1.2 MB */
const char *form_ms(json_int_t ms, char out[FORM]);         /* 850 ms, 1.3 s, 2 min 05 s */
const char *form_time(const char *rfc3339, char out[FORM]); /* 2026-10-20 14:03 UTC; "-" for "" */
const char *form_date(const char *rfc3339, char out[FORM]); /* 2026-10-20 */
const char *form_id(const char *hex, char out[FORM]);       /* its first 12 digits */

#endif
