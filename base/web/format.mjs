// format.mjs: dates, times and numbers as people write them. Times come as milliseconds UTC or as
// ISO text, and are shown in the device's own time zone.
import { languageNow } from './words.mjs';

const DAYS = ['周日', '周一', '周二', '周三', '周四', '周五', '周六'];

const two = (number) => String(number).padStart(2, '0');

function asDate(when) {
  const date = when === undefined || when === null || when === '' ? null : new Date(when);

  return date && !Number.isNaN(date.getTime()) ? date : null;
}

export function clock(when) {
  const date = asDate(when);

  return date ? `${two(date.getHours())}:${two(date.getMinutes())}` : '';
}

export function day(when) {
  const date = asDate(when);

  if (!date) return '';
  return languageNow() === 'zh'
    ? `${date.getFullYear()}年${date.getMonth() + 1}月${date.getDate()}日（${DAYS[date.getDay()]}）`
    : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function moment(when) {
  const date = asDate(when);

  if (!date) return '';
  return date.toDateString() === new Date().toDateString() ? clock(date)
    : `${day(date)} ${clock(date)}`;
}

export function count(number) {
  return Number(number ?? 0).toLocaleString('en-US').replace(/,/g, '\u202f');
}
