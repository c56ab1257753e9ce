// home.mjs: what needs me today: the queue by due date, how far each village is, what comes in, how
// the tablets are. Each number leads to where it is worked on.
import { html } from 'kit/html.mjs';
import { Button, Failure, Icon } from 'kit/components.mjs';
import { count, day, moment } from 'kit/format.mjs';
import { useFound } from 'kit/found.mjs';
import { get } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';
import { query } from './api.mjs';
import { AreaTree, nodeName, useAreas } from './areas.mjs';
import { Bars } from './chart.mjs';
import { Frame } from './frame.mjs';
import { href, refilter } from './route.mjs';
import { areaName } from './words.mjs';

// kind -> what is asked of me, an icon, and where it is done. Pages register theirs here.
const KINDS = {
  conflict: { say: () => tr('Decide what is right'), icon: 'conflict', tag: 'conflict',
    to: (line) => href('conflicts', [line.record]) },
  quarantine: { say: () => tr('Release or return what was kept aside'), icon: 'warning',
    tag: 'warning', to: (line) => href('records', [line.record]) },
  returned: { say: () => tr('Returned to the worker, not changed yet'), icon: 'back', tag: 'server',
    to: (line) => href('records', [line.record]) },
  task: { say: () => tr('A task is overdue'), icon: 'clock', tag: 'warning',
    to: (line) => href('records', [line.record]) },
  reset: { say: () => tr('Confirm a new secret'), icon: 'lock', tag: 'warning',
    to: (line) => href('confirm', [line.person]) },
  person: { say: () => tr('Confirm somebody new'), icon: 'person', tag: 'warning',
    to: (line) => href('confirm', [line.person]) },
  rights: { say: () => tr('Confirm new rights'), icon: 'lock', tag: 'warning',
    to: (line) => href('confirm', [line.person, 'rights']) },
  enable: { say: () => tr('Confirm that somebody comes back'), icon: 'person', tag: 'warning',
    to: (line) => href('confirm', [line.person, 'rights']) },
  assigned: { say: () => tr('See for yourself, as a third party'), icon: 'person', tag: 'server',
    to: (line) => href('records', [line.record]) },
  alarm: { say: () => tr('A tablet says that history was changed'), icon: 'error', tag: 'error',
    to: (line) => href('devices', [line.device]) },
  unconfirmed: { say: () => tr('Confirm or revoke this tablet'), icon: 'tablet', tag: 'warning',
    to: (line) => href('devices', [line.device]) },
  silent: { say: () => tr('A tablet was not seen for long'), icon: 'tablet', tag: 'tablet',
    to: (line) => href('devices', [line.device]) },
};

const within = (line, area) => !area || !line.area ||
  line.area.area.startsWith(area.replace(/(000|00)+$/, ''));

function Due({ line, now }) {
  if (!line.due) return html`<span class="quiet">${line.since ? moment(line.since) : ''}</span>`;
  const late = line.due < now;

  return html`<span class=${late ? 'late' : 'quiet'}>${late && html`<${Icon} name="clock" />`}
    ${late ? tr('was due {day}', { day: day(line.due) })
      : tr('due {day}', { day: day(line.due) })}</span>`;
}

function Queue({ home, area }) {
  const lines = home.queue.filter((line) => within(line, area) && KINDS[line.kind])
    .sort((a, b) => ((a.due ?? '9') < (b.due ?? '9') ? -1 : 1));

  return html`<section aria-label=${tr('My queue')}>
    ${lines.length === 0 ? html`<p class="empty quiet">${tr('Nothing waits for you.')}</p>`
      : html`<ul class="queue">${lines.map((line, i) => {
        const kind = KINDS[line.kind];

        return html`<li key=${i}><a class="queue-line" href=${kind.to(line)}>
          <span class="tag ${kind.tag}"><${Icon} name=${kind.icon} />${kind.say()}</span>
          <span class="grow"><b>${line.title || tr('(no name)')}</b>
            <span class="quiet"> ${line.area ? areaName(line.area) : ''}${
              line.assignee ? ` · ${line.assignee}` : ''}</span></span>
          <${Due} line=${line} now=${home.now} /></a></li>`;
      })}</ul>`}</section>`;
}

function Number({ label, value, to, bad }) {
  return html`<a class="figure ${bad && value > 0 ? 'bad' : ''}" href=${to}><b>${count(value)}</b>
    <span>${label}</span></a>`;
}

// Every village a tile: how many of its households are sealed.
function Villages({ area, onSelect }) {
  const { nodes, roots } = useAreas();

  if (!nodes) return null;
  const top = nodes.get(area);
  const leaves = (node) => (node.children.length === 0 ? [node] : node.children.flatMap(leaves));
  const villages = (top ? [top] : roots).flatMap(leaves).filter((node) => node.records > 0);
  const groups = Map.groupBy ? Map.groupBy(villages, (node) => node.up)
    : villages.reduce((map, node) => map.set(node.up, [...(map.get(node.up) ?? []), node]),
      new Map());

  if (villages.length === 0) return html`<p class="quiet">${tr('No household has come in yet.')}</p>`;
  return html`<div class="stack">${[...groups].map(([up, list]) => html`<div key=${up}>
    <h3 class="small">${nodes.get(up) ? nodeName(nodes.get(up)) : ''}</h3>
    <ul class="tiles">${list.map((node) => {
      const share = Math.round(100 * node.sealed / node.records);

      return html`<li key=${node.area}><button type="button" onClick=${() => onSelect(node.area)}
        class="tile share-${Math.ceil(share / 25)}" title=${nodeName(node)}>
        <span>${nodeName(node)}</span><b>${share}%</b>
        <span class="small">${node.sealed}/${node.records}${
          node.conflicts > 0 ? ` · ${tr('{n} conflicts', { n: node.conflicts })}` : ''}</span>
        </button></li>`;
    })}</ul></div>`)}</div>`;
}

const ageName = (age, i, all) => (age.under_days === null
  ? tr('{n} days and more', { n: all[i - 1].under_days })
  : tr('under {n} days', { n: age.under_days }));

function Tablets({ tablets }) {
  return html`<section class="card stack"><h2>${tr('Tablets')}</h2><dl class="facts">
    <dt>${tr('in use')}</dt><dd>${count(tablets.count)}</dd>
    <dt>${tr('seen today')}</dt><dd>${count(tablets.seen_today)}</dd>
    <dt>${tr('not seen for {n} days', { n: tablets.silent_days })}</dt><dd>${
      count(tablets.silent)}</dd>
    <dt>${tr('changes still on tablets')}</dt><dd>${count(tablets.pending)}</dd>
    <dt>${tr('clock wrong')}</dt><dd>${count(tablets.clocks_wrong)}</dd>
    <dt>${tr('to be confirmed')}</dt><dd>${count(tablets.unconfirmed)}</dd></dl>
    <a href=${href('devices')}>${tr('All tablets')}</a></section>`;
}

export function Home({ shared, filters }) {
  const area = filters.area ?? '';
  const reads = shared.me.may.includes('read');
  const select = (code) => refilter({ area: code === area ? '' : code });
  const today = useFound(() => get('api/home'), [area]);
  const days = useFound(async () => reads && get(query('api/inflow', { area })), [area]);
  const home = today.found;
  const inflow = days.found?.items;
  const again = () => { today.again(); days.again(); };

  return html`<${Frame} title=${tr('Today')} side=${reads && html`<${AreaTree} selected=${area}
      onSelect=${select} />`} actions=${html`<${Button} kind="plain" icon="sync"
      onClick=${again}>${tr('Refresh')}</${Button}>`}>
    <${Failure} trouble=${today.trouble ?? days.trouble} onAgain=${again} />
    ${home && reads && html`<nav class="figures" aria-label=${tr('What there is to do')}>
      <${Number} label=${tr('conflicts')} value=${home.conflicts} to=${href('conflicts')} />
      <${Number} label=${tr('of them overdue')} value=${home.conflicts_overdue} bad
        to=${href('conflicts')} />
      <${Number} label=${tr('kept aside')} value=${home.quarantine} bad
        to=${href('records', [], { state: 'quarantined' })} />
      <${Number} label=${tr('returned')} value=${home.returned}
        to=${href('records', [], { review: 'return' })} />
      <${Number} label=${tr('open tasks')} value=${home.tasks_open} to=${href('records')} />
      <${Number} label=${tr('of them late')} value=${home.tasks_overdue} bad
        to=${href('records')} /></nav>`}
    ${home && html`<${Queue} home=${home} area=${area} />`}
    ${reads && html`<section class="card stack"><h2>${tr('Progress by village')}</h2>
      <p class="quiet small">${tr('Share of the households whose visit is sealed.')}</p>
      <${Villages} area=${area} onSelect=${select} /></section>`}
    <div class="columns">
      ${inflow && html`<section class="card"><${Bars} label=${tr('Changes that came in, by day')}
        unit="" names=${inflow.map((one) => one.day.slice(5))}
        values=${inflow.map((one) => one.changes)} /></section>`}
      ${home?.conflict_ages && html`<section class="card"><${Bars}
        label=${tr('Open conflicts by age')} unit="" colour="#6d28d9"
        names=${home.conflict_ages.map(ageName)}
        values=${home.conflict_ages.map((one) => one.count)} /></section>`}
      ${home?.tablets && html`<${Tablets} tablets=${home.tablets} />`}
    </div></${Frame}>`;
}
