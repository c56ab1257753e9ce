/* form_fixture.h: a small household form, built by hand, with one field of every policy. */
#ifndef YG_TESTS_UNIT_FORM_FIXTURE_H
#define YG_TESTS_UNIT_FORM_FIXTURE_H

#include "schema/form.h"

enum household_field {
    F_NAME = 32, /* human */
    F_PHONE,     /* latest */
    F_GROUP,     /* latest: the village group's name */
    F_PIGS,      /* human: as observed */
    F_DECLARED,  /* human: pigs as declared */
    F_SEEN,      /* or */
    F_MOST,      /* max */
    F_LEAST,     /* min */
    F_TAGS,      /* union */
    F_INCOME,    /* authority, decimal */
    F_CREATED,   /* once */
    F_CASE,      /* server */
    F_BANK,      /* human, group of three: an account only makes sense whole */
    F_ACCOUNT,
    F_HOLDER,
    F_TOWN, /* latest, group of two */
    F_STREET,
    F_MEMBER,      /* repeat */
    F_MEMBER_NAME, /* human */
    F_WAGE,        /* human */
    F_ID_NUMBER,   /* human, key */
    F_DIED,        /* human, date */
    F_PENSION,     /* human */
    F_JOB,         /* repeat in member */
    F_JOB_PAY,     /* human */
    F_VISIT_DATE,  /* human, sealed with the visit */
    F_FINDING,     /* human, sealed */
    F_ITEM,        /* repeat, sealed */
    F_ITEM_WHAT,   /* human, sealed */
    F_SUM,         /* computed */
    F_END,
};

#define SCOPE_VISIT 1 /* of two */
#define FORM_ID     UINT64_C(0xf0f0)

struct form_fixture {
    struct form form;
    struct form_field fields[F_END - F_NAME];
    uint32_t by_number[F_END - F_NAME];
    struct view scopes[2];
    struct view languages[1];
    struct view labels[F_END - F_NAME];
};

static inline struct form_field *fixture_field(struct form_fixture *fixture, int number,
                                               const char *name, enum field_type type,
                                               enum policy policy) {
    uint32_t index = fixture->form.field_count++;
    struct form_field *field = &fixture->fields[index];

    fixture->by_number[index] = index;
    fixture->labels[index] = view_text(name);
    *field = (struct form_field){.number = (uint16_t)number,
                                 .type = (uint8_t)type,
                                 .policy = (uint8_t)policy,
                                 .scope = FORM_NO_SCOPE,
                                 .parent = FORM_NO_PARENT,
                                 .repeat = FORM_NO_PARENT,
                                 .list = FORM_NO_LIST,
                                 .name = view_text(name),
                                 .path = view_text(name),
                                 .label.by_language = &fixture->labels[index]};
    return field;
}

static inline void fixture_inside(struct form_fixture *fixture, struct form_field *field,
                                  int repeat) {
    field->parent = (uint32_t)(repeat - F_NAME);
    field->repeat = (uint32_t)(repeat - F_NAME);
    (void)fixture;
}

static inline void fixture_household(struct form_fixture *f) {
    struct form_field *field;

    memset(f, 0, sizeof(*f));
    f->form.id = FORM_ID;
    f->form.sequence = 1;
    f->form.audience = AUDIENCE_FIELD;
    f->form.name = view_text("household");
    f->form.fields = f->fields;
    f->form.by_number = f->by_number;
    f->form.scope_count = 2;
    f->scopes[0] = view_text("asset");
    f->scopes[1] = view_text("visit");
    f->form.scopes = f->scopes;
    f->languages[0] = view_text("en");
    f->form.language_count = 1;
    f->form.languages = f->languages;
    fixture_field(f, F_NAME, "name", FIELD_TYPE_TEXT, POLICY_HUMAN);
    fixture_field(f, F_PHONE, "phone", FIELD_TYPE_TEXT, POLICY_LATEST);
    fixture_field(f, F_GROUP, "group", FIELD_TYPE_TEXT, POLICY_LATEST);
    fixture_field(f, F_PIGS, "pigs", FIELD_TYPE_INTEGER, POLICY_HUMAN);
    fixture_field(f, F_DECLARED, "pigs_declared", FIELD_TYPE_INTEGER, POLICY_HUMAN);
    fixture_field(f, F_SEEN, "seen", FIELD_TYPE_INTEGER, POLICY_OR);
    fixture_field(f, F_MOST, "most", FIELD_TYPE_INTEGER, POLICY_MAX);
    fixture_field(f, F_LEAST, "least", FIELD_TYPE_INTEGER, POLICY_MIN);
    fixture_field(f, F_TAGS, "tags", FIELD_TYPE_TEXT, POLICY_UNION);
    fixture_field(f, F_INCOME, "income", FIELD_TYPE_DECIMAL, POLICY_AUTHORITY);
    fixture_field(f, F_CREATED, "created", FIELD_TYPE_TEXT, POLICY_ONCE);
    fixture_field(f, F_CASE, "case", FIELD_TYPE_TEXT, POLICY_SERVER);
    for (int i = F_BANK; i <= F_HOLDER; i++) {
        field = fixture_field(f, i,
                              i == F_BANK      ? "bank"
                              : i == F_ACCOUNT ? "account"
                                               : "holder",
                              FIELD_TYPE_TEXT, POLICY_HUMAN);
        field->merge_group = F_BANK;
    }
    for (int i = F_TOWN; i <= F_STREET; i++) {
        field =
            fixture_field(f, i, i == F_TOWN ? "town" : "street", FIELD_TYPE_TEXT, POLICY_LATEST);
        field->merge_group = F_TOWN;
    }
    fixture_field(f, F_MEMBER, "member", FIELD_TYPE_REPEAT, POLICY_HUMAN);
    for (int i = F_MEMBER_NAME; i <= F_PENSION; i++) {
        static const char *const names[] = {"name", "wage", "id_number", "died", "pension"};
        bool number = i == F_WAGE || i == F_PENSION;

        field = fixture_field(f, i, names[i - F_MEMBER_NAME],
                              i == F_DIED ? FIELD_TYPE_DATE
                              : number    ? FIELD_TYPE_INTEGER
                                          : FIELD_TYPE_TEXT,
                              POLICY_HUMAN);
        field->key = i == F_ID_NUMBER;
        fixture_inside(f, field, F_MEMBER);
    }
    field = fixture_field(f, F_JOB, "job", FIELD_TYPE_REPEAT, POLICY_HUMAN);
    fixture_inside(f, field, F_MEMBER);
    field = fixture_field(f, F_JOB_PAY, "pay", FIELD_TYPE_INTEGER, POLICY_HUMAN);
    fixture_inside(f, field, F_JOB);
    fixture_field(f, F_VISIT_DATE, "visit_date", FIELD_TYPE_DATE, POLICY_HUMAN)->scope =
        SCOPE_VISIT;
    fixture_field(f, F_FINDING, "finding", FIELD_TYPE_TEXT, POLICY_HUMAN)->scope = SCOPE_VISIT;
    fixture_field(f, F_ITEM, "item", FIELD_TYPE_REPEAT, POLICY_HUMAN)->scope = SCOPE_VISIT;
    field = fixture_field(f, F_ITEM_WHAT, "what", FIELD_TYPE_TEXT, POLICY_HUMAN);
    field->scope = SCOPE_VISIT;
    fixture_inside(f, field, F_ITEM);
    fixture_field(f, F_SUM, "sum", FIELD_TYPE_CALCULATE, POLICY_HUMAN);
}

#endif
