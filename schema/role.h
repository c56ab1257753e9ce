/* role.h: who may do what. Roles of people (not of devices), each limited to areas. */
#ifndef YG_SCHEMA_ROLE_H
#define YG_SCHEMA_ROLE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum role {
    ROLE_VILLAGE = 1, /* village welfare worker 民生服务员 */
    ROLE_INVESTIGATOR, /* township investigator 入户调查员; a tablet's first person by default */
    ROLE_CLERK,        /* township clerk 经办人 */
    ROLE_TOWNSHIP,     /* township reviewer 乡镇审核人 */
    ROLE_COUNTY,       /* county reviewer 县级审批人 */
    ROLE_ADMIN,        /* county administrator: people, devices, forms; decides nothing */
    ROLE_AUDITOR,      /* reads everything, writes nothing */
    ROLE_CITY,         /* city supervisor */
    ROLE_JOINT, /* of another bureau, for the joint review 联审联批成员单位: reads, comments */
    ROLE_POLLSTER, /* third-party pollster 第三方评估机构: reads what he is sent to */
    ROLE_COUNT,
};

enum ability {
    ABILITY_RECORD = 1 << 0,  /* create and edit records of its areas */
    ABILITY_SEAL = 1 << 1,    /* seal and amend */
    ABILITY_RESOLVE = 1 << 2, /* resolve conflicts of its areas */
    ABILITY_MOVE = 1 << 3,    /* move records between areas */
    ABILITY_REVEAL = 1 << 4,  /* see masked values, with a reason that is logged */
    ABILITY_RELEASE = 1 << 5, /* release or return what is in quarantine */
    ABILITY_MANAGE = 1 << 6,  /* people, devices, forms */
    ABILITY_READ = 1 << 7,
    ABILITY_AUDIT = 1 << 8,
    ABILITY_REVIEW = 1 << 9,    /* give tasks to workers; return, approve and reopen records */
    ABILITY_COMMENT = 1 << 10,  /* say a word about a record, at the console */
    ABILITY_ASSIGNED = 1 << 11, /* read records about which a task of a third party is one's own */
};

/* Names on the command line: village, investigator, clerk, township, county, admin, auditor, city,
 * joint, pollster. */
const char *role_name(enum role role);
enum rc role_parse(struct view text, enum role *out, struct err *err);
uint32_t role_abilities(enum role role);
bool role_may(enum role role, enum ability ability);
/* Whether role gives nothing that wide does not give: abilities, and of two roles with the same
 * ones the weight of the word (county before township). */
bool role_within(enum role role, enum role wide);
/* Works at the console only: a tablet would hold more than he may see. */
bool role_is_of_desk(enum role role);

#endif
