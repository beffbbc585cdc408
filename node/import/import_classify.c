/* import_classify.c: what the words in type, stage, lifecycle and status columns say.
 * May not decide populations: the callers do, with the operator's rules. */
#include "import_state.h"

#include <ctype.h>
#include <string.h>

/* Longer text is a description, not a status. */
#define STATUS_MAX 127

static bool lowered(const char *s, char out[STATUS_MAX + 1])
{
    size_t n = strlen(s);
    if (n == 0 || n > STATUS_MAX) {
        return false;
    }
    for (size_t i = 0; i <= n; i++) {
        out[i] = (char)tolower((unsigned char)s[i]);
    }
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* True if one of the words stands in s with no letter before it. A word that ends in '.' must also
 * end there. */
static bool has_word(const char *s, const char *const *words)
{
    for (; *words != NULL; words++) {
        size_t n = strlen(*words);
        bool whole = (*words)[n - 1] == '.';
        n -= whole;
        for (const char *p = s; *p != '\0'; p++) {
            if (strncmp(p, *words, n) == 0 && (p == s || !is_letter(p[-1])) &&
                (!whole || !is_letter(p[n]))) {
                return true;
            }
        }
    }
    return false;
}

bool mdl_imp_says_customer(const char *s)
{
    static const char *const yes[] = {"customer", "client", "kunde", "evangelist", NULL};
    static const char *const no[] = {"former", "ex.",     "past.",    "lost",      "churn",
                                     "not.",   "non.",    "no.",      "potential", "prospect",
                                     "target", "antiguo", "ehemalig", "inactive",  NULL};
    char low[STATUS_MAX + 1] = "";
    return lowered(s, low) && has_word(low, yes) && !has_word(low, no);
}

bool mdl_imp_says_opportunity(const char *s)
{
    static const char *const yes[] = {"opportunity.", "open opportunities.", "oportunidad.",
                                      "open deal",    "open_deal",           NULL};
    static const char *const no[] = {"no.", "lost", "closed", "former", "past.", NULL};
    char low[STATUS_MAX + 1] = "";
    return lowered(s, low) && has_word(low, yes) && !has_word(low, no);
}

bool mdl_imp_says_won(const char *s)
{
    static const char *const yes[] = {"won.",      "closedwon", "ganad", "cierre ganad",
                                      "gewonnen.", "gagné",     NULL};
    char low[STATUS_MAX + 1] = "";
    return lowered(s, low) && has_word(low, yes);
}

bool mdl_imp_says_lost(const char *s)
{
    static const char *const yes[] = {"lost.", "closedlost", "perdid", "verloren.",
                                      "perdu", "closed no",  NULL};
    char low[STATUS_MAX + 1] = "";
    return lowered(s, low) && has_word(low, yes);
}
