/* The table of abilities: who records, who decides, who only looks. Administrators and auditors
 * decide nothing on purpose; managing people and judging households are never in one hand. */
#include "schema/role.h"

static const struct {
    const char *name;
    uint32_t abilities;
} roles[ROLE_COUNT] = {
    [0] = {"unknown", 0},
    [ROLE_VILLAGE] = {"village", ABILITY_READ | ABILITY_RECORD | ABILITY_COMMENT},
    [ROLE_INVESTIGATOR] = {"investigator", ABILITY_READ | ABILITY_RECORD | ABILITY_SEAL |
                                               ABILITY_RESOLVE | ABILITY_COMMENT},
    [ROLE_CLERK] = {"clerk", ABILITY_READ | ABILITY_RECORD | ABILITY_SEAL | ABILITY_RESOLVE |
                                 ABILITY_MOVE | ABILITY_REVEAL | ABILITY_REVIEW | ABILITY_COMMENT},
    [ROLE_TOWNSHIP] = {"township", ABILITY_READ | ABILITY_RECORD | ABILITY_SEAL | ABILITY_RESOLVE |
                                       ABILITY_MOVE | ABILITY_REVEAL | ABILITY_RELEASE |
                                       ABILITY_REVIEW | ABILITY_COMMENT},
    [ROLE_COUNTY] = {"county", ABILITY_READ | ABILITY_RECORD | ABILITY_SEAL | ABILITY_RESOLVE |
                                   ABILITY_MOVE | ABILITY_REVEAL | ABILITY_RELEASE |
                                   ABILITY_REVIEW | ABILITY_COMMENT},
    [ROLE_ADMIN] = {"admin", ABILITY_MANAGE},
    [ROLE_AUDITOR] = {"auditor", ABILITY_READ | ABILITY_REVEAL | ABILITY_AUDIT},
    [ROLE_CITY] = {"city", ABILITY_READ | ABILITY_AUDIT},
    [ROLE_JOINT] = {"joint", ABILITY_READ | ABILITY_COMMENT},
    [ROLE_POLLSTER] = {"pollster", ABILITY_ASSIGNED},
};

const char *role_name(enum role role) {
    return (unsigned)role < ROLE_COUNT ? roles[role].name : roles[0].name;
}

enum rc role_parse(struct view text, enum role *out, struct err *err) {
    for (int i = ROLE_VILLAGE; i < ROLE_COUNT; i++) {
        if (view_is(text, roles[i].name)) {
            *out = (enum role)i;
            return RC_OK;
        }
    }
    return err_set(err, RC_INVALID,
                   "role: unknown; use village, investigator, clerk, township, county, admin, "
                   "auditor, city, joint or pollster");
}

uint32_t role_abilities(enum role role) {
    return (unsigned)role < ROLE_COUNT ? roles[role].abilities : 0;
}

bool role_may(enum role role, enum ability ability) {
    return (role_abilities(role) & (uint32_t)ability) == (uint32_t)ability;
}

bool role_within(enum role role, enum role wide) {
    uint32_t given = role_abilities(role), had = role_abilities(wide);

    return role == wide || ((given & ~had) == 0 && (given != had || role < wide));
}

bool role_is_of_desk(enum role role) {
    return role == ROLE_JOINT || role == ROLE_POLLSTER;
}
