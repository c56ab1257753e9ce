// format.mjs: dates, times and numbers as people write them. Times come as milliseconds UTC or as
// ISO text, and are shown in China time, like everywhere in this house: UTC+8 without summer time,
// whatever zone the device believes to be in.
import { languageNow } from './words.mjs';

const DAYS = ['周日', '周一', '周二', '周三', '周四', '周五', '周六'];

const CHINA_MS = 8 * 3600 * 1000;

const two = (number) => String(number).padStart(2, '0');

function asDate(when) {
  const date = when === undefined || when === null || when === '' ? null : new Date(when);

  return date && !Number.isNaN(date.getTime()) ? date : null;
}

// The same moment, so shifted that its UTC parts are those of a clock in China.
function inChina(date) {
  return new Date(date.getTime() + CHINA_MS);
}

export function clock(when) {
  const date = asDate(when);

  if (!date) return '';
  const china = inChina(date);

  return `${two(china.getUTCHours())}:${two(china.getUTCMinutes())}`;
}

export function day(when) {
  const date = asDate(when);

  if (!date) return '';
  const china = inChina(date);
  const [year, month, of] = [china.getUTCFullYear(), china.getUTCMonth() + 1, china.getUTCDate()];

  return languageNow() === 'zh' ? `${year}年${month}月${of}日（${DAYS[china.getUTCDay()]}）`
    : `${year}-${two(month)}-${two(of)}`;
}

export function moment(when) {
  const date = asDate(when);

  if (!date) return '';
  return day(date) === day(Date.now()) ? clock(date) : `${day(date)} ${clock(date)}`;
}

export function count(number) {
  return Number(number ?? 0).toLocaleString('en-US').replace(/,/g, '\u202f');
}
