/* generate.c: households of a Yueyang village that does not exist, for demos, tests and benches.
 *
 *     generate [--seed N] [--count N] [--group N] [--area-name NAME] [--small] [--json | --csv DIR]
 *
 * The answers fit schema/forms/household. --json (the default) prints one JSON object a line, as
 * `yg-agent new household --file` takes it; --csv writes household.csv, member.csv and income.csv
 * with the key column "key", for `yg-agent import`. --small leaves out the incomes and all
 * members but two, which makes about 500 bytes of JSON. The same seed gives the same bytes on every
 * machine.
 *
 * Nobody is meant: surnames and characters of given names are drawn one by one, ID numbers begin
 * with 430699, an area that was never assigned, and have a valid birth date, a digit for the sex
 * and a valid check digit; mobile numbers are drawn, too. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMBERS_MAX 8
#define INCOMES_MAX 8
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { THIS_YEAR = 2026, TEXT_BYTES = 128 };

/* ---- chance: xorshift64*, the same on every machine ---- */

static uint64_t draw(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static unsigned below(uint64_t *state, unsigned bound) {
    return (unsigned)(draw(state) >> 33) % bound;
}

static unsigned between(uint64_t *state, unsigned least, unsigned most) {
    return least + below(state, most - least + 1);
}

static bool chance(uint64_t *state, unsigned percent) {
    return below(state, 100) < percent;
}

/* ---- people ---- */

static const char *const surnames[] = {
    "李", "王", "张", "刘", "陈", "杨",   "周", "黄", "吴", "彭", "何", "许", "方", "胡", "罗",
    "任", "毛", "邓", "曾", "易", "欧阳", "汤", "余", "徐", "钟", "潘", "龚", "卢", "万", "喻",
};
static const char *const boys[] = {
    "建", "国", "志", "强", "军", "伟", "平", "明", "华", "勇", "辉", "林", "斌", "波", "德",
    "福", "才", "贵", "春", "生", "新", "良", "海", "涛", "超", "杰", "鹏", "浩", "宇", "轩",
};
static const char *const girls[] = {
    "秀", "英", "桂", "兰", "玉", "梅", "芳", "红", "丽", "娟", "霞", "燕", "翠", "莲", "凤",
    "珍", "爱", "云", "菊", "香", "艳", "琴", "静", "敏", "婷", "雪", "佳", "怡", "欣", "彤",
};

struct person {
    char name[TEXT_BYTES];
    bool male;
    unsigned year, month, day;
    char id_no[19];
    const char *relation, *marital, *education, *health, *labour, *employment;
};

struct income {
    char owner[TEXT_BYTES];
    const char *item, *unit;
    unsigned qty;
    uint64_t declared_fen;
};

struct household {
    char key[24];
    char phone[12], group_name[TEXT_BYTES], address[TEXT_BYTES];
    const char *cause, *hukou;
    unsigned member_count, income_count;
    struct person members[MEMBERS_MAX];
    struct income incomes[INCOMES_MAX];
};

static void make_name(uint64_t *state, const char *surname, bool male, char out[TEXT_BYTES]) {
    const char *const *given = male ? boys : girls;
    unsigned size = male ? COUNT(boys) : COUNT(girls);

    (void)snprintf(out, TEXT_BYTES, "%s%s%s", surname, given[below(state, size)],
                   chance(state, 75) ? given[below(state, size)] : "");
}

/* GB 11643: 17 digits and a check character, modulo 11. */
static void make_id_no(uint64_t *state, struct person *person) {
    static const unsigned weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    unsigned order = between(state, 0, 49) * 2 + (person->male ? 1 : 0) + below(state, 9) * 100;
    unsigned sum = 0;

    (void)snprintf(person->id_no, sizeof(person->id_no), "430699%04u%02u%02u%03u",
                   person->year % 10000, person->month % 100, person->day % 100, order % 1000);
    for (unsigned i = 0; i < COUNT(weights); i++)
        sum += (unsigned)(person->id_no[i] - '0') * weights[i];
    person->id_no[17] = "10X98765432"[sum % 11];
    person->id_no[18] = '\0';
}

static unsigned age_of(const struct person *person) {
    return THIS_YEAR - person->year;
}

/* What follows from the age. */
static void make_state(uint64_t *state, struct person *person) {
    unsigned age = age_of(person);

    person->health = chance(state, age > 60 ? 40 : 8) ? "20" : "10";
    if (chance(state, age > 55 ? 20 : 5))
        person->health = age > 55 ? "31" : "64";
    person->marital = age < 24 ? "10" : "20";
    person->education = age < 6 ? NULL : age < 13 ? "80" : age < 16 ? "70" : age > 50 ? "80" : "70";
    person->labour = age < 16 || age > 70 ? "3" : age < 19 ? "4" : age < 60 ? "1" : "2";
    if (age >= 16 && age <= 70 && strcmp(person->health, "10") != 0)
        person->labour = "2";
    person->employment = age < 6 ? "1" : age < 19 ? "2" : age > 65 ? "9" : "8";
}

static struct person *add_member(uint64_t *state, struct household *household, const char *surname,
                                 const char *relation, bool male, unsigned least_age,
                                 unsigned most_age) {
    struct person *person = &household->members[household->member_count];

    if (household->member_count == MEMBERS_MAX)
        return NULL;
    household->member_count++;
    *person = (struct person){.male = male, .relation = relation};
    person->year = THIS_YEAR - between(state, least_age, most_age);
    person->month = between(state, 1, 12);
    person->day = between(state, 1, 28);
    if (person->year == THIS_YEAR) /* born already, whenever this runs */
        person->month = 1;
    make_name(state, surname, male, person->name);
    make_id_no(state, person);
    make_state(state, person);
    return person;
}

static void make_members(uint64_t *state, struct household *household) {
    const char *surname = surnames[below(state, COUNT(surnames))];
    bool old = chance(state, 35);
    struct person *head = add_member(state, household, surname, "02", chance(state, 75),
                                     old ? 62 : 32, old ? 84 : 58);
    unsigned age = age_of(head), children;

    head->marital = "20";
    if (chance(state, old ? 50 : 80)) {
        struct person *spouse =
            add_member(state, household, surnames[below(state, COUNT(surnames))],
                       head->male ? "12" : "11", !head->male, age - 4, age + 2);

        spouse->marital = "20";
    } else {
        head->marital = chance(state, 70) ? "30" : "40";
    }
    if (old) {
        if (chance(state, 30))
            (void)add_member(state, household, surname, "41", true, 4, 15);
        return;
    }
    children = below(state, 3);
    for (unsigned i = 0; i < children; i++) {
        bool male = chance(state, 52);
        static const char *const sons[] = {"22", "23"}, *const daughters[] = {"32", "33"};

        (void)add_member(state, household, surname, male ? sons[i % 2] : daughters[i % 2], male, 1,
                         age - 24 < 20 ? age - 24 : 20);
    }
    if (chance(state, 45) && head->male)
        (void)add_member(state, household, surnames[below(state, COUNT(surnames))], "52", false,
                         age + 21, age + 28);
}

/* ---- incomes ---- */

static void add_income(struct household *household, const char *owner, const char *item,
                       const char *unit, unsigned qty, uint64_t fen_each) {
    struct income *income = &household->incomes[household->income_count];

    if (household->income_count == INCOMES_MAX)
        return;
    household->income_count++;
    *income =
        (struct income){.item = item, .unit = unit, .qty = qty, .declared_fen = qty * fen_each};
    (void)snprintf(income->owner, sizeof(income->owner), "%s", owner);
}

static void make_incomes(uint64_t *state, struct household *household) {
    if (chance(state, 80))
        add_income(household, "", "B102", "mu", between(state, 1, 8), 58000);
    if (chance(state, 50))
        add_income(household, "", "B205", "head", between(state, 5, 40), 2500);
    if (chance(state, 25))
        add_income(household, "", "B201", "head", between(state, 1, 4), 60000);
    if (chance(state, 70))
        add_income(household, "", "T103", "year", 1, between(state, 200, 900) * 100);
    for (unsigned i = 0; i < household->member_count; i++) {
        const struct person *person = &household->members[i];

        if (age_of(person) > 60)
            add_income(household, person->name, "T101", "month", 12, 12500);
        else if (strcmp(person->labour, "1") == 0 && chance(state, 50))
            add_income(household, person->name, "W102", "day", between(state, 20, 180), 12000);
    }
}

static const char *cause_of(uint64_t *state, const struct household *household) {
    for (unsigned i = 0; i < household->member_count; i++)
        if (strcmp(household->members[i].health, "10") != 0)
            return household->members[i].health[0] == '6' ? "2" : "1";
    if (household->member_count == 1 && age_of(&household->members[0]) > 60)
        return "6";
    return chance(state, 50) ? "5" : "9";
}

static void make_household(uint64_t seed, unsigned number, unsigned group, const char *area_name,
                           bool small, struct household *out) {
    static const char *const numerals[] = {"一", "二", "三", "四", "五",
                                           "六", "七", "八", "九", "十"};
    /* Of its own, so that the n-th household does not depend on how many were asked for. */
    uint64_t state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)number << 20;

    if (state == 0)
        state = 1;
    for (unsigned i = 0; i < 8; i++)
        (void)draw(&state);
    memset(out, 0, sizeof(*out));
    if (group == 0)
        group = between(&state, 1, COUNT(numerals));
    (void)snprintf(out->key, sizeof(out->key), "h%llu-%u", (unsigned long long)seed, number);
    (void)snprintf(out->phone, sizeof(out->phone), "17000%06u", below(&state, 1000000));
    (void)snprintf(out->group_name, sizeof(out->group_name), "%s组",
                   numerals[(group - 1) % COUNT(numerals)]);
    (void)snprintf(out->address, sizeof(out->address), "%.60s%s组%u号", area_name,
                   numerals[(group - 1) % COUNT(numerals)], between(&state, 1, 60));
    out->hukou = "2";
    make_members(&state, out);
    make_incomes(&state, out);
    out->cause = cause_of(&state, out);
    if (small) {
        out->member_count = out->member_count > 2 ? 2 : out->member_count;
        out->income_count = 0;
        out->address[0] = '\0';
    }
}

/* ---- writing ---- */

static void json_member(FILE *out, const struct person *person, bool small) {
    fprintf(out,
            "{\"name\":\"%s\",\"relation\":\"%s\",\"id_type\":\"1\",\"id_no\":\"%s\","
            "\"sex\":\"%s\",\"birth\":\"%04u-%02u-%02u\",\"ethnicity\":\"01\",\"marital\":\"%s\","
            "\"health\":\"%s\",\"labour\":\"%s\",\"employment\":\"%s\"",
            person->name, person->relation, person->id_no, person->male ? "1" : "2", person->year,
            person->month, person->day, person->marital, person->health, person->labour,
            person->employment);
    if (person->education != NULL)
        fprintf(out, ",\"education\":\"%s\"", person->education);
    fputs(small ? "}" : ",\"counting\":{\"counted\":\"1\"}}", out);
}

static void json_household(FILE *out, const struct household *household, bool small) {
    fprintf(out, "{\"head\":{\"name\":\"%s\",\"phone\":\"%s\"},", household->members[0].name,
            household->phone);
    fprintf(out, "\"home\":{\"group_name\":\"%s\",\"hukou_nature\":\"%s\"", household->group_name,
            household->hukou);
    if (household->address[0] != '\0')
        fprintf(out, ",\"live_addr\":\"%s\"", household->address);
    fprintf(out, "},\"situation\":{\"cause_main\":\"%s\"},\"member\":[", household->cause);
    for (unsigned i = 0; i < household->member_count; i++) {
        fputs(i > 0 ? "," : "", out);
        json_member(out, &household->members[i], small);
    }
    fputs("],\"income\":[", out);
    for (unsigned i = 0; i < household->income_count; i++) {
        const struct income *income = &household->incomes[i];

        fprintf(out, "%s{", i > 0 ? "," : "");
        if (income->owner[0] != '\0')
            fprintf(out, "\"owner\":\"%s\",", income->owner);
        fprintf(out, "\"item_code\":\"%s\",\"qty\":%u,\"unit\":\"%s\",\"declared_fen\":%llu}",
                income->item, income->qty, income->unit, (unsigned long long)income->declared_fen);
    }
    fputs("]}\n", out);
}

struct tables {
    FILE *household, *member, *income;
};

static void csv_heads(const struct tables *tables) {
    fputs("key,head/name,head/phone,home/group_name,home/hukou_nature,home/live_addr,"
          "situation/cause_main\r\n",
          tables->household);
    fputs("key,name,relation,id_type,id_no,sex,birth,ethnicity,marital,education,health,labour,"
          "employment,counting/counted\r\n",
          tables->member);
    fputs("key,owner,item_code,qty,unit,declared_fen\r\n", tables->income);
}

static void csv_household(const struct tables *tables, const struct household *household) {
    fprintf(tables->household, "%s,%s,%s,%s,%s,%s,%s\r\n", household->key,
            household->members[0].name, household->phone, household->group_name, household->hukou,
            household->address, household->cause);
    for (unsigned i = 0; i < household->member_count; i++) {
        const struct person *person = &household->members[i];

        fprintf(tables->member, "%s,%s,%s,1,%s,%s,%04u-%02u-%02u,01,%s,%s,%s,%s,%s,1\r\n",
                household->key, person->name, person->relation, person->id_no,
                person->male ? "1" : "2", person->year, person->month, person->day, person->marital,
                person->education == NULL ? "" : person->education, person->health, person->labour,
                person->employment);
    }
    for (unsigned i = 0; i < household->income_count; i++) {
        const struct income *income = &household->incomes[i];

        fprintf(tables->income, "%s,%s,%s,%u,%s,%llu\r\n", household->key, income->owner,
                income->item, income->qty, income->unit, (unsigned long long)income->declared_fen);
    }
}

/* ---- the command ---- */

static int wrong(const char *what, const char *word) {
    fprintf(stderr,
            "generate: %s%s\nusage: generate [--seed N] [--count N] [--group 1-10] "
            "[--area-name NAME] [--small] [--json | --csv DIR]\n",
            what, word);
    return 2;
}

static bool number(const char *text, uint64_t most, uint64_t *out) {
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] != '-' && *out <= most;
}

static FILE *table_open(const char *directory, const char *name) {
    char path[4096];
    FILE *file;

    if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
        return NULL;
    file = fopen(path, "w");
    if (file == NULL)
        fprintf(stderr, "generate: %s: %s\n", path, strerror(errno));
    return file;
}

static bool ended(FILE *file) {
    bool good = file != NULL && fflush(file) == 0 && ferror(file) == 0;

    if (file != NULL && file != stdout)
        good = fclose(file) == 0 && good;
    return good;
}

struct order {
    uint64_t seed, count, group;
    const char *area_name, *directory;
    bool small;
};

static int parse(int argc, char **argv, struct order *order) {
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        bool good = true;

        if (strcmp(name, "--json") == 0) {
            order->directory = NULL;
            continue;
        }
        if (strcmp(name, "--small") == 0) {
            order->small = true;
            continue;
        }
        if (strcmp(name, "--seed") == 0)
            good = number(value, UINT32_MAX, &order->seed);
        else if (strcmp(name, "--count") == 0)
            good = number(value, 10000000, &order->count);
        else if (strcmp(name, "--group") == 0)
            good = number(value, 10, &order->group);
        else if (strcmp(name, "--area-name") == 0)
            order->area_name = value;
        else if (strcmp(name, "--csv") == 0)
            order->directory = value;
        else
            return wrong("no such option: ", name);
        if (!good || value[0] == '\0' || strpbrk(value, "\"\\,\r\n") != NULL)
            return wrong("this value is not possible for ", name);
        i++;
    }
    return 0;
}

int main(int argc, char **argv) {
    struct order order = {.seed = 1, .count = 10, .area_name = "阳光村"};
    struct tables tables = {0};
    int status = parse(argc, argv, &order);
    bool good = true;

    if (status != 0)
        return status;
    if (order.directory != NULL) {
        tables.household = table_open(order.directory, "household.csv");
        tables.member = table_open(order.directory, "member.csv");
        tables.income = table_open(order.directory, "income.csv");
        good = tables.household != NULL && tables.member != NULL && tables.income != NULL;
        if (good)
            csv_heads(&tables);
    }
    for (uint64_t i = 0; i < order.count && good; i++) {
        struct household household;

        make_household(order.seed, (unsigned)i, (unsigned)order.group, order.area_name, order.small,
                       &household);
        if (order.directory != NULL)
            csv_household(&tables, &household);
        else
            json_household(stdout, &household, order.small);
    }
    if (order.directory != NULL) {
        good = ended(tables.household) && good;
        good = ended(tables.member) && good;
        good = ended(tables.income) && good;
    } else {
        good = ended(stdout);
    }
    if (!good)
        fprintf(stderr, "generate: the output could not be written\n");
    return good ? 0 : 3;
}
