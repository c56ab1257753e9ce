/* survey.c: see survey.h. */
#include "tests/support/survey.h"

#include "base/text.h"

#include <assert.h>
#include <inttypes.h>

enum shape {
    SHAPE_CHOICE, /* size: how many choices; falling frequency */
    SHAPE_FLAG,   /* size: percent of yes */
    SHAPE_COUNT,  /* small whole number below size */
    SHAPE_MONEY,  /* fen; size: percent of zeros; whole tens of yuan */
    SHAPE_AREA,   /* decimal with one digit */
    SHAPE_DATE,   /* days; size: years back */
    SHAPE_NAME,
    SHAPE_ID,
    SHAPE_PHONE,
    SHAPE_PLACE,   /* one of size villages or groups */
    SHAPE_WORD,    /* one of the list of illnesses */
    SHAPE_SEVERAL, /* codes with blanks between */
    SHAPE_NUMBER,  /* text of digits, size many */
    SHAPE_REMARK,
};

struct shaped {
    const char *name;
    uint8_t shape;
    uint8_t filled; /* percent */
    uint16_t size;
};

static const struct shaped fields[SURVEY_FIELDS] = {
    {"head_name", SHAPE_NAME, 100, 0},
    {"head_id_no", SHAPE_ID, 100, 0},
    {"phone", SHAPE_PHONE, 96, 0},
    {"village_code", SHAPE_PLACE, 100, 12},
    {"group_name", SHAPE_PLACE, 100, 30},
    {"hukou_nature", SHAPE_CHOICE, 100, 2},
    {"hukou_no", SHAPE_NUMBER, 90, 9},
    {"address", SHAPE_REMARK, 60, 1},
    {"poverty_cause", SHAPE_CHOICE, 100, 8},
    {"manage_class", SHAPE_CHOICE, 95, 3},
    {"sex", SHAPE_CHOICE, 100, 2},
    {"birth", SHAPE_DATE, 100, 80},
    {"ethnicity", SHAPE_CHOICE, 100, 6},
    {"marital", SHAPE_CHOICE, 100, 7},
    {"education", SHAPE_CHOICE, 98, 8},
    {"health", SHAPE_CHOICE, 100, 5},
    {"illness", SHAPE_WORD, 45, 0},
    {"disability_type", SHAPE_CHOICE, 30, 7},
    {"disability_grade", SHAPE_CHOICE, 30, 4},
    {"labour", SHAPE_CHOICE, 100, 4},
    {"selfcare_eat", SHAPE_FLAG, 97, 90},
    {"selfcare_dress", SHAPE_FLAG, 97, 88},
    {"selfcare_bed", SHAPE_FLAG, 97, 90},
    {"selfcare_toilet", SHAPE_FLAG, 97, 88},
    {"selfcare_walk", SHAPE_FLAG, 97, 80},
    {"selfcare_wash", SHAPE_FLAG, 97, 80},
    {"employment", SHAPE_CHOICE, 100, 9},
    {"work_place", SHAPE_CHOICE, 70, 4},
    {"special", SHAPE_SEVERAL, 40, 8},
    {"alive", SHAPE_FLAG, 100, 98},
    {"member_count", SHAPE_COUNT, 100, 8},
    {"counted_members", SHAPE_COUNT, 100, 7},
    {"labour_members", SHAPE_COUNT, 100, 5},
    {"students", SHAPE_COUNT, 100, 4},
    {"elderly", SHAPE_COUNT, 100, 3},
    {"disabled_members", SHAPE_COUNT, 100, 3},
    {"house_kind", SHAPE_CHOICE, 100, 6},
    {"house_owner", SHAPE_CHOICE, 100, 4},
    {"house_area", SHAPE_AREA, 95, 1500},
    {"house_year", SHAPE_COUNT, 90, 45},
    {"house_grade", SHAPE_CHOICE, 95, 4},
    {"water", SHAPE_CHOICE, 100, 4},
    {"toilet", SHAPE_CHOICE, 100, 4},
    {"fuel", SHAPE_CHOICE, 100, 5},
    {"electricity", SHAPE_FLAG, 100, 99},
    {"road", SHAPE_CHOICE, 100, 4},
    {"tv", SHAPE_FLAG, 100, 85},
    {"fridge", SHAPE_FLAG, 100, 70},
    {"washer", SHAPE_FLAG, 100, 60},
    {"aircon", SHAPE_FLAG, 100, 35},
    {"computer", SHAPE_FLAG, 100, 8},
    {"motorbike", SHAPE_FLAG, 100, 30},
    {"car", SHAPE_FLAG, 100, 4},
    {"smartphone", SHAPE_FLAG, 100, 75},
    {"land_paddy", SHAPE_AREA, 85, 60},
    {"land_dry", SHAPE_AREA, 80, 40},
    {"land_forest", SHAPE_AREA, 50, 300},
    {"pigs", SHAPE_COUNT, 90, 4},
    {"hens", SHAPE_COUNT, 90, 30},
    {"cattle", SHAPE_COUNT, 90, 2},
    {"income_wage", SHAPE_MONEY, 100, 40},
    {"income_farm", SHAPE_MONEY, 100, 30},
    {"income_trade", SHAPE_MONEY, 100, 85},
    {"income_rent", SHAPE_MONEY, 100, 90},
    {"income_interest", SHAPE_MONEY, 100, 80},
    {"income_pension", SHAPE_MONEY, 100, 45},
    {"income_subsidy", SHAPE_MONEY, 100, 35},
    {"income_support", SHAPE_MONEY, 100, 55},
    {"income_other", SHAPE_MONEY, 100, 85},
    {"expense_medical", SHAPE_MONEY, 100, 25},
    {"expense_school", SHAPE_MONEY, 100, 60},
    {"expense_care", SHAPE_MONEY, 100, 80},
    {"expense_rent", SHAPE_MONEY, 100, 92},
    {"expense_living", SHAPE_MONEY, 100, 2},
    {"savings", SHAPE_MONEY, 100, 55},
    {"debt", SHAPE_MONEY, 100, 60},
    {"insurance", SHAPE_FLAG, 100, 95},
    {"medical_plan", SHAPE_CHOICE, 100, 3},
    {"pension_plan", SHAPE_CHOICE, 100, 4},
    {"since", SHAPE_DATE, 60, 12},
    {"last_review", SHAPE_DATE, 60, 2},
    {"applied", SHAPE_DATE, 100, 1},
    {"supporter_count", SHAPE_COUNT, 100, 5},
    {"supporter_name", SHAPE_NAME, 70, 0},
    {"supporter_phone", SHAPE_PHONE, 60, 0},
    {"supporter_able", SHAPE_CHOICE, 70, 3},
    {"neighbour_says", SHAPE_CHOICE, 100, 3},
    {"food", SHAPE_CHOICE, 100, 5},
    {"clothes", SHAPE_CHOICE, 100, 5},
    {"housing", SHAPE_CHOICE, 100, 5},
    {"utilities", SHAPE_CHOICE, 100, 5},
    {"visit_kind", SHAPE_CHOICE, 100, 6},
    {"visit_outcome", SHAPE_CHOICE, 100, 6},
    {"second_investigator", SHAPE_PLACE, 100, 8},
    {"present", SHAPE_SEVERAL, 95, 6},
    {"opinion", SHAPE_CHOICE, 100, 3},
    {"proposed_class", SHAPE_CHOICE, 100, 4},
    {"relative_flag", SHAPE_FLAG, 100, 3},
    {"needs_help", SHAPE_SEVERAL, 90, 7},
    {"photo_count", SHAPE_COUNT, 100, 6},
    {"minutes", SHAPE_COUNT, 100, 70},
    {"migrant", SHAPE_CHOICE, 95, 3},
    {"network", SHAPE_CHOICE, 95, 4},
    {"bank_card", SHAPE_NUMBER, 75, 19},
    {"remark", SHAPE_REMARK, 53, 0},
};

uint64_t chance_next(struct chance *chance) {
    uint64_t z = chance->state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint32_t chance_below(struct chance *chance, uint32_t bound) {
    return (uint32_t)((chance_next(chance) >> 32) * bound >> 32);
}

bool chance_percent(struct chance *chance, uint32_t percent) {
    return chance_below(chance, 100) < percent;
}

void chance_bytes(struct chance *chance, void *out, size_t size) {
    uint8_t *bytes = out;

    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)chance_next(chance);
}

const char *survey_field_name(uint32_t index) {
    return fields[index].name;
}

/* Small numbers are more frequent than large ones. */
static uint32_t falling(struct chance *chance, uint32_t bound) {
    uint32_t a = chance_below(chance, bound), b = chance_below(chance, bound);

    return a < b ? a : b;
}

/* ---- texts ---- */

/* Characters of three bytes each. */
static const char surnames[] =
    "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁"
    "邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖"
    "邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文";
static const char given[] =
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲建国华红玉珍春梅福生志凤云海燕金莲"
    "庆林祥德光荣新民良成根水木火土山川河湖江波浪雪冰霜雨露风雷电阳月星辰天宇晨曦晓晴晚秋冬夏青"
    "松柏竹菊荷花草叶树森立正直忠孝仁义礼智信诚善美好友爱和顺安康健宁泰来发达昌盛兴旺富贵有余满"
    "堂喜乐欢笑歌舞书画琴棋诗词墨香翠碧蓝紫银铜铁石岩峰岭岗坡坪坝田园村庄村桥路道远近高长";
static const char *const remarks[] = {
    "户主长期患病，",   "子女在外务工，",   "家中无劳动力，",       "住房为土木结构，",
    "房屋有安全隐患，", "孙辈由老人照料，", "收入主要靠种植水稻，", "依靠养老金生活，",
    "因病支出较大，",   "与邻里关系和睦，", "申请材料齐全，",       "需补充医院证明，",
    "已告知政策，",     "本人签字确认，",   "建议纳入低保，",       "建议暂缓，",
    "存款情况待核对，", "残疾证在办理中，", "村委会情况属实，",     "请下次带户口簿，"};
static const char *const illnesses[] = {
    "高血压", "糖尿病",       "冠心病", "脑梗塞",     "慢性支气管炎", "尿毒症",       "肝硬化",
    "肺结核", "类风湿关节炎", "白内障", "精神分裂症", "恶性肿瘤",     "腰椎间盘突出", "癫痫"};
static const char *const villages[] = {"筻口镇", "新开镇",   "公田镇",
                                       "月田镇", "张谷英镇", "毛田镇"};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))
#define HAN(text)    ((uint32_t)((sizeof(text) - 1) / 3))

static void add_name(struct chance *chance, struct buf *out) {
    uint32_t count = chance_percent(chance, 75) ? 2 : 1;

    buf_add(out, surnames + 3 * falling(chance, HAN(surnames)), 3);
    for (uint32_t i = 0; i < count; i++)
        buf_add(out, given + 3 * falling(chance, HAN(given)), 3);
}

static void add_id_no(struct chance *chance, struct buf *out) {
    static const int weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    static const char checks[] = "10X98765432";
    char text[32];
    uint32_t year, month, day;
    int sum = 0;

    /* One draw a statement: C does not say in which order arguments are evaluated. */
    year = 1930 + chance_below(chance, 80);
    month = 1 + chance_below(chance, 12);
    day = 1 + chance_below(chance, 28);
    (void)snprintf(text, sizeof(text), "430699%04u%02u%02u%03u", year, month, day,
                   chance_below(chance, 1000));
    for (int i = 0; i < 17; i++)
        sum += (text[i] - '0') * weights[i];
    buf_addf(out, "%s%c", text, checks[sum % 11]);
}

static void add_remark(struct chance *chance, bool address, struct buf *out) {
    uint32_t count = 1 + falling(chance, 4);

    if (address) {
        buf_add_text(out, villages[chance_below(chance, COUNT(villages))]);
        buf_addf(out, "第%u组", 1 + chance_below(chance, 25));
        buf_addf(out, "%u号", 1 + chance_below(chance, 120));
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        buf_add_text(out, remarks[chance_below(chance, COUNT(remarks))]);
    if (chance_percent(chance, 40))
        buf_addf(out, "电话联系%u次。", 1 + chance_below(chance, 5));
}

static void add_text(struct chance *chance, const struct shaped *field, struct buf *out) {
    switch (field->shape) {
    case SHAPE_NAME:
        add_name(chance, out);
        return;
    case SHAPE_ID:
        add_id_no(chance, out);
        return;
    case SHAPE_PHONE:
        buf_addf(out, "1%u", 3 + chance_below(chance, 7));
        buf_addf(out, "%09u", chance_below(chance, 1000000000));
        return;
    case SHAPE_PLACE:
        if (field->size > 20)
            buf_addf(out, "第%u村民小组", 1 + falling(chance, field->size));
        else
            buf_addf(out, "4306211%05u", 1000 + 7 * falling(chance, field->size));
        return;
    case SHAPE_WORD:
        buf_add_text(out, illnesses[falling(chance, COUNT(illnesses))]);
        return;
    case SHAPE_SEVERAL:
        for (uint32_t i = 1; i <= field->size; i++) {
            if (chance_percent(chance, 25))
                buf_addf(out, out->size == 0 ? "%u" : " %u", i);
        }
        return;
    case SHAPE_NUMBER:
        for (uint32_t i = 0; i < field->size; i++) {
            if (field->size > 12 && i < 8)
                buf_add_u8(out, (uint8_t)("62305900"[i]));
            else
                buf_add_u8(out, (uint8_t)('0' + chance_below(chance, 10)));
        }
        return;
    default:
        add_remark(chance, field->size == 1, out);
    }
}

static struct value make_value(struct chance *chance, const struct shaped *field,
                               struct arena *arena) {
    struct value value = {.type = VALUE_INT};
    struct buf text;

    switch (field->shape) {
    case SHAPE_CHOICE:
        value.number = 1 + (int64_t)falling(chance, field->size);
        return value;
    case SHAPE_FLAG:
        value.number = chance_percent(chance, field->size);
        return value;
    case SHAPE_COUNT:
        value.number = falling(chance, field->size);
        return value;
    case SHAPE_MONEY:
        value.number =
            chance_percent(chance, field->size) ? 0 : 1000 * (int64_t)falling(chance, 4000);
        return value;
    case SHAPE_AREA:
        value.type = VALUE_DECIMAL;
        value.scale = 1;
        value.number = falling(chance, field->size);
        return value;
    case SHAPE_DATE:
        value.type = VALUE_DATE;
        value.number = 20400 - (int64_t)chance_below(chance, field->size * 365u);
        return value;
    default:
        break;
    }
    buf_init(&text, 4096);
    add_text(chance, field, &text);
    value.type = VALUE_TEXT;
    value.bytes = arena_view(arena, buf_view(&text));
    buf_release(&text);
    return value;
}

/* ---- changes ---- */

static void start(struct change *out, uint8_t kind, struct dot dot, uint64_t form, uint64_t person,
                  int64_t *wall_ms, struct chance *chance) {
    memset(out, 0, sizeof(*out));
    *wall_ms += 60000 + (int64_t)chance_below(chance, 1800000);
    out->kind = kind;
    out->dot = dot;
    out->record = dot;
    out->form = form;
    out->person = person;
    out->wall_ms = *wall_ms;
    out->lamport = dot.number;
}

void survey_make(struct chance *chance, struct dot dot, uint64_t form, uint64_t person,
                 int64_t *wall_ms, struct arena *arena, struct change *out) {
    struct entry *entries = arena_array(arena, SURVEY_FIELDS + 1, sizeof(*entries));

    assert(entries != NULL);
    start(out, CHANGE_CREATE, dot, form, person, wall_ms, chance);
    entries[0] = (struct entry){.field = FIELD_AREA, .value = value_of_int(INT64_C(430621101000))};
    out->entry_count = 1;
    for (uint32_t i = 0; i < SURVEY_FIELDS; i++) {
        if (!chance_percent(chance, fields[i].filled))
            continue;
        entries[out->entry_count++] =
            (struct entry){.field = (uint16_t)(FIELD_FIRST_OF_FORM + i),
                           .value = make_value(chance, &fields[i], arena)};
    }
    out->entries = entries;
}

#define MEMBER_REPEAT 199u
#define MEMBER_FIELDS 26u /* the fields of a person: the first ones, sex and after */

void survey_household(struct chance *chance, struct dot dot, uint64_t form, uint64_t person,
                      int64_t *wall_ms, struct arena *arena, struct change *out) {
    uint32_t members = 1 + falling(chance, 6);
    struct entry *entries =
        arena_array(arena, SURVEY_FIELDS + 1 + 6 * (MEMBER_FIELDS + 1), sizeof(*entries));

    assert(entries != NULL);
    survey_make(chance, dot, form, person, wall_ms, arena, out);
    memcpy(entries, out->entries, out->entry_count * sizeof(*entries));
    for (uint32_t i = 1; i <= members; i++) {
        struct instance_id member = {dot, i};

        entries[out->entry_count++] = (struct entry){
            .instance = member, .field = FIELD_EXISTS, .value = value_of_int(MEMBER_REPEAT)};
        for (uint32_t j = 0; j < MEMBER_FIELDS; j++) {
            const struct shaped *field = &fields[j < 2 ? j : j + 7];

            if (chance_percent(chance, field->filled))
                entries[out->entry_count++] =
                    (struct entry){.instance = member,
                                   .field = (uint16_t)(MEMBER_REPEAT + 1 + j),
                                   .value = make_value(chance, field, arena)};
        }
    }
    out->entries = entries;
}

void survey_edit(struct chance *chance, struct dot dot, struct dot record, uint64_t form,
                 uint64_t person, int64_t *wall_ms, struct arena *arena, struct change *out) {
    uint32_t count = 1 + chance_below(chance, 3);
    struct entry *entries = arena_array(arena, 3, sizeof(*entries));
    uint32_t field = chance_below(chance, SURVEY_FIELDS / 3);

    assert(entries != NULL);
    start(out, CHANGE_EDIT, dot, form, person, wall_ms, chance);
    out->record = record;
    for (uint32_t i = 0; i < count; i++) {
        struct version_id *replaces = arena_array(arena, 1, sizeof(*replaces));

        assert(replaces != NULL);
        replaces->dot = record;
        entries[i] = (struct entry){.field = (uint16_t)(FIELD_FIRST_OF_FORM + field),
                                    .value = make_value(chance, &fields[field], arena),
                                    .replaces_count = 1,
                                    .replaces = replaces};
        field += 1 + chance_below(chance, SURVEY_FIELDS / 3);
    }
    out->entry_count = count;
    out->entries = entries;
}

static const char *name_of(const struct entry *entry) {
    uint32_t at = entry->field - FIELD_FIRST_OF_FORM;

    if (entry->field > MEMBER_REPEAT) {
        at = entry->field - MEMBER_REPEAT - 1;
        at = at < 2 ? at : at + 7;
    }
    return fields[at].name;
}

static void add_pair(const struct entry *entry, const char *comma, struct buf *out) {
    bool quoted = entry->value.type == VALUE_TEXT || entry->value.type == VALUE_DATE;

    buf_addf(out, "%s\"%s\":%s", comma, name_of(entry), quoted ? "\"" : "");
    value_text(&entry->value, out);
    buf_add_text(out, quoted ? "\"" : "");
}

void survey_line(const struct change *change, struct buf *out) {
    char record[DOT_TEXT_BYTES], dot[DOT_TEXT_BYTES];
    const char *comma = "";
    const char *replaced = ",\"b\":[";
    uint32_t member = 0;

    dot_text(change->record, record);
    dot_text(change->dot, dot);
    buf_addf(out, "{\"r\":\"%s\",", record);
    if (change->kind != CHANGE_CREATE)
        buf_addf(out, "\"d\":\"%s\",", dot);
    buf_addf(out, "\"t\":%" PRId64 ",\"v\":{", change->wall_ms);
    for (uint32_t i = 0; i < change->entry_count; i++) {
        const struct entry *entry = &change->entries[i];

        if (entry->instance.ordinal != member) {
            buf_add_text(out, member == 0 ? "},\"m\":[{" : "},{");
            member = entry->instance.ordinal;
            comma = "";
        }
        if (entry->field < FIELD_FIRST_OF_FORM)
            continue;
        add_pair(entry, comma, out);
        comma = ",";
    }
    buf_add_text(out, member == 0 ? "}" : "}]");
    for (uint32_t i = 0; i < change->entry_count; i++) {
        for (uint32_t j = 0; j < change->entries[i].replaces_count; j++) {
            dot_text(change->entries[i].replaces[j].dot, dot);
            buf_addf(out, "%s\"%s\"", replaced, dot);
            replaced = ",";
        }
    }
    buf_add_text(out, change->kind == CHANGE_CREATE ? "}\n" : "]}\n");
}
