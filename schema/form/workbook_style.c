/* How a spreadsheet shows numbers as dates: format codes (ECMA-376 18.8.30), serial days (18.17.4).
 */
#include "schema/form/workbook_style.h"

#include "base/date.h"

#include <math.h>
#include <stdio.h>

#define DAYS_1900       INT64_C(-25569) /* 1899-12-30: right for every day from 1900-03-01 on */
#define DAYS_1904       INT64_C(-24107) /* 1904-01-01 */
#define FALSE_LEAP_DAY  60              /* 1900-02-29 */
#define SERIAL_MAX      2958466.0       /* 9999-12-31 */
#define SECONDS_PER_DAY INT64_C(86400)

bool number_format_is_date(uint32_t id, struct view code) {
    bool quoted = false, bracketed = false;

    if ((id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) ||
        (id >= 50 && id <= 58))
        return true;
    for (size_t i = 0; i < code.size; i++) {
        char letter = (char)code.data[i];

        if (letter == '"')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if (letter == '\\' || letter == '_' || letter == '*')
            i++; /* the next one is shown, or shows only its width */
        else if (letter == '[')
            bracketed = true;
        else if (letter == ']')
            bracketed = false;
        else if (letter == ';')
            return false; /* the first section decides */
        else if (!bracketed && strchr("ymdhsYMDHS", letter) != NULL)
            return true;
    }
    return false;
}

size_t serial_format(double serial, bool from_1904, char out[SERIAL_TEXT_BYTES]) {
    char date[DATE_TEXT_BYTES];
    int64_t days, seconds;
    int length;

    if (!(serial >= 0 && serial < SERIAL_MAX))
        return 0;
    seconds = (int64_t)llround(serial * (double)SECONDS_PER_DAY);
    days = seconds / SECONDS_PER_DAY;
    seconds %= SECONDS_PER_DAY;
    if (days == 0 && !from_1904) {
        length = snprintf(out, SERIAL_TEXT_BYTES, "%02d:%02d:%02d", (int)(seconds / 3600),
                          (int)(seconds / 60 % 60), (int)(seconds % 60));
        return (size_t)length;
    }
    if (!from_1904 && days < FALSE_LEAP_DAY)
        days++; /* before the day that never was */
    date_format(date_from_days(days + (from_1904 ? DAYS_1904 : DAYS_1900)), date);
    if (seconds == 0)
        length = snprintf(out, SERIAL_TEXT_BYTES, "%s", date);
    else
        length = snprintf(out, SERIAL_TEXT_BYTES, "%sT%02d:%02d:%02d", date, (int)(seconds / 3600),
                          (int)(seconds / 60 % 60), (int)(seconds % 60));
    return (size_t)length;
}
