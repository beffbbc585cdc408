/* bench_accounts.c: lists of accounts that never were, of any length, the same on every machine.
 * Row i is one company wherever it stands, so two lists overlap where their ranges do. */
#include "bench.h"

#include <string.h>

static const char *const forms[] = {"Inc.", "GmbH", "Ltd", "LLC", "S.A.", "AB", "B.V.", "Corp."};
static const char *const trades[] = {"Systems", "Logistics", "Foods",    "Health",
                                     "Energy",  "Labs",      "Robotics", "Media"};
static const char *const types[] = {"Customer", "Prospect", "Prospect", "Partner"};

/* A word of syllables for a number: different numbers, different words. */
static void word(unsigned i, char out[16])
{
    static const char consonants[] = "bdfghjklmnprstvz";
    static const char vowels[] = "aeiou";
    size_t n = 0;
    for (int s = 0; s < 5; s++) {
        out[n++] = consonants[i % 16];
        i /= 16;
        out[n++] = vowels[i % 5];
        i /= 5;
    }
    out[n] = '\0';
}

static size_t text(char out[BENCH_ROW], int n)
{
    if (n < 0 || n >= BENCH_ROW) {
        bench_die("a row is too long");
    }
    (void)out;
    return (size_t)n;
}

size_t bench_header(enum bench_list kind, char out[BENCH_ROW])
{
    switch (kind) {
    case BENCH_ACCOUNTS:
        return text(out, snprintf(out, BENCH_ROW,
                                  "Account ID,Account Name,Website,Billing Country,Type\n"));
    case BENCH_SALESFORCE:
        return text(out, snprintf(out, BENCH_ROW,
                                  "Id,IsDeleted,Name,Type,ParentId,Website,BillingCountry,Industry,"
                                  "NumberOfEmployees,DunsNumber,CurrencyIsoCode,OwnerId,Owner.Name,"
                                  "Owner.Email,LastModifiedDate\n"));
    }
    return 0;
}

size_t bench_row(enum bench_list kind, unsigned i, char out[BENCH_ROW])
{
    char name[16];
    char upper[16];
    const char *form = forms[i % 8];
    const char *trade = trades[i / 8 % 8];

    word(i, name);
    memcpy(upper, name, sizeof upper);
    upper[0] = (char)(upper[0] - 'a' + 'A');
    switch (kind) {
    case BENCH_ACCOUNTS: /* a domain and a name; every eighth has a country, and a key more */
        return text(out,
                    snprintf(out, BENCH_ROW, "A%u,%s %s %s,https://www.%s.com,%s,%s\n", i, upper,
                             trade, form, name, i % 8 == 0 ? "Germany" : "", types[i % 4]));
    case BENCH_SALESFORCE:
        return text(out,
                    snprintf(out, BENCH_ROW,
                             "0010000%08uAAQ,false,\"%s %s, %s\",%s,,https://www.%s.com/en,%s,"
                             "%s,%u,,EUR,0050000000000EXAAQ,Marcus Oyelaran,"
                             "marcus@vendor.example,2026-10-%02uT08:00:00.000Z\n",
                             i, upper, trade, form, types[i % 4], name,
                             i % 3 == 0 ? "" : "United States", trade, 10 + i % 5000, 1 + i % 28));
    }
    return 0;
}
