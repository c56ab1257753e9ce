// today.mjs: what there is to do: tasks of the county and households to visit again, by the day until
// which; and what the county gave back with a word.
import { html } from 'kit/html.mjs';
import { Icon } from 'kit/components.mjs';
import { day, moment } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';

export function kindWords(kind) {
  switch (kind) {
    case '1': return tr('New application');
    case '2': return tr('Review');
    case '3': return tr('County spot check');
    case '4': return tr('Check of a tip');
    case '5': return tr('Temporary relief');
    case '6': return tr('Third party');
    default: return tr('To do');
  }
}

export function outcomeWords(outcome) {
  switch (outcome) {
    case '1': return tr('Done');
    case '2': return tr('Refused');
    case '3': return tr('Nobody at home');
    case '4': return tr('Nobody lives there');
    case '5': return tr('No such household');
    case '6': return tr('Broken off');
    default: return '';
  }
}

// Whether the day is over in China.
const isLate = (due) => due && Date.parse(`${due}T23:59:59+08:00`) < Date.now();

const areaOf = (item) => item.area_name ?? item.area ?? '';

function hrefOf(item) {
  if (!item.household) return `#/record/${encodeURIComponent(item.task)}`;
  return `#/record/${[item.household, item.kind ?? '', item.task ?? ''].map(encodeURIComponent)
    .join('/')}`;
}

export function TodayItem({ item }) {
  return html`<a class="item" href=${hrefOf(item)}>
    <${Icon} name=${item.task ? 'list' : 'clock'} />
    <span class="grow"><strong>${item.title || item.message || tr('Without a name')}</strong>
      ${item.title && item.message && html`<span class="block">${item.message}</span>`}
      <span class="quiet block small">${[areaOf(item), kindWords(item.kind),
        item.task ? (item.mine ? tr('for you') : tr('for anybody here')) : tr('by the calendar'),
        item.visited && tr('last visit {day}', { day: day(item.visited) })].filter(Boolean)
        .join(' · ')}</span></span>
    ${item.due && html`<span class="tag ${isLate(item.due) ? 'error' : ''}"><${Icon}
      name=${isLate(item.due) ? 'error' : 'clock'} />${isLate(item.due)
      ? tr('was due {day}', { day: day(item.due) }) : tr('until {day}', { day: day(item.due) })
      }</span>`}
    <${Icon} name="next" /></a>`;
}

export function NoteItem({ item }) {
  return html`<a class="item" href="#/record/${encodeURIComponent(item.id)}">
    <${Icon} name="back" /><span class="grow"><strong>${item.title || tr('Without a name')}</strong>
    <span class="block">${item.text}</span>
    <span class="quiet block small">${[tr('given back by {name}', { name: item.from }),
      moment(item.at)].join(' · ')}</span></span>
    <span class="tag warning"><${Icon} name="warning" />${tr('mend it')}</span>
    <${Icon} name="next" /></a>`;
}
