// conflicts.mjs: what people contradict each other in, by due date; and the questions of one record
// (#/conflicts/ID). Broken rules and proposals have lists of their own.
import { html } from 'kit/html.mjs';
import { Icon, Tabs } from 'kit/components.mjs';
import { day } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import { plain } from 'form/markdown.mjs';
import * as api from './case_api.mjs';
import { Aside } from './aside.mjs';
import { AreaTree } from './areas.mjs';
import { conflictName, formName } from './case_words.mjs';
import { Decide } from './decide.mjs';
import { Frame } from './frame.mjs';
import { Kept } from './kept.mjs';
import { List, useList } from './list.mjs';
import { href, refilter } from './route.mjs';

const KINDS = { hard: 'field,group,removed,area,seal', soft: 'soft', same: 'same' };

function Due({ item }) {
  if (!item.due) return '—';
  const late = Date.parse(item.due) < Date.now();

  return html`<span class=${late ? 'late' : ''}>${late && html`<${Icon} name="clock" />`}${
    day(item.due)}</span>`;
}

function ConflictList({ kind, area }) {
  const list = useList('conflicts', (after) => api.conflicts({ kind: KINDS[kind], area }, after),
    [kind, area]);

  return html`<${List} list=${list} label=${tr('Conflicts')} empty=${tr('Nothing to decide.')}
    columns=${[
      { id: 'title', label: tr('Title'), cell: (item) => item.title || tr('Without a name'),
        href: (item) => href('conflicts', [item.id]) },
      { id: 'what', label: tr('What'), cell: (item) => plain(item.label || item.path) },
      { id: 'kind', label: tr('Kind'), cell: (item) => html`<span class="tag ${kind === 'hard'
        ? 'conflict' : 'warning'}"><${Icon} name=${kind === 'hard' ? 'conflict' : 'warning'} />${
        conflictName(item.kind)}</span>` },
      { id: 'due', label: tr('Due'), cell: (item) => html`<${Due} item=${item} />` },
      { id: 'area', label: tr('Area'), optional: true, cell: (item) => item.area.name ||
        item.area.area },
      { id: 'form', label: tr('Form'), optional: true, cell: (item) => formName(item.form) },
      { id: 'since', label: tr('Since'), optional: true, cell: (item) => day(item.since) },
    ]} />`;
}

export function Conflicts({ words, filters, shared }) {
  const kind = filters.kind ?? 'hard';
  const maySettle = shared.me.may.some((one) => ['release', 'audit'].includes(one));
  const tabs = [{ id: 'hard', label: tr('Contradictions') },
    { id: 'soft', label: tr('Broken rules') }, { id: 'same', label: tr('Maybe the same') },
    ...(maySettle ? [{ id: 'aside', label: tr('Kept aside') }] : [])];

  if (words[0] === 'aside' && words[1])
    return html`<${Kept} dot=${words[1]} shared=${shared} />`;
  if (words[0]) return html`<${Decide} id=${words[0]} shared=${shared} />`;
  return html`<${Frame} title=${tr('Conflicts')} wide side=${html`<${AreaTree}
      selected=${filters.area ?? ''} onSelect=${(area) => refilter({ ...filters,
        area: area === filters.area ? '' : area })} />`}>
    <${Tabs} tabs=${tabs} selected=${kind} panel="conflict-list" label=${tr('Conflicts')}
      onSelect=${(one) => refilter({ ...filters, kind: one })} />
    <div id="conflict-list" role="tabpanel" aria-label=${tabs.find((one) => one.id === kind)
      ?.label}>${kind === 'aside' ? html`<${Aside} area=${filters.area} shared=${shared} />`
      : html`<${ConflictList} key=${kind} kind=${kind} area=${filters.area} />`}</div>
  </${Frame}>`;
}
