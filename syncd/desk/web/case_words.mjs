// case_words.mjs: names of what records are and of what is done with them.
import { html } from 'kit/html.mjs';
import { Icon } from 'kit/components.mjs';
import { day, moment } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import { placeWords } from 'form/place.mjs';
import { plain } from 'form/markdown.mjs';

// Forms that ship with the county; others are called by their names.
export const formName = (name) => ({
  household: tr('Household'), visit: tr('Visit'), task: tr('Task'), note: tr('Note'),
  panel: tr('Panel'), meeting: tr('Evaluation meeting'),
}[name] ?? name);

export const STATES = ['conflict', 'quarantined', 'sealed', 'withdrawn'];
const STATE_TAGS = {
  conflict: () => ['conflict', 'conflict', tr('conflict')],
  quarantined: () => ['warning', 'warning', tr('change kept aside')],
  sealed: () => ['tablet', 'lock', tr('sealed')],
  withdrawn: () => ['tablet', 'close', tr('withdrawn')],
};

export const REVIEWS = ['none', 'return', 'approve', 'mark', 'reopen'];
const REVIEW_TAGS = {
  none: () => ['tablet', 'clock', tr('not reviewed')],
  return: () => ['warning', 'back', tr('returned')],
  approve: () => ['safe', 'check', tr('approved')],
  mark: () => ['server', 'pen', tr('marked')],
  reopen: () => ['server', 'edit', tr('reopened')],
};

function tag([kind, icon, words]) {
  return html`<span class="tag ${kind}" key=${words}><${Icon} name=${icon} />${words}</span>`;
}

export const stateTag = (state) => tag(STATE_TAGS[state]());
export const stateName = (state) => STATE_TAGS[state]()[2];
export const reviewTag = (review) => review && REVIEW_TAGS[review] && tag(REVIEW_TAGS[review]());
export const reviewName = (review) => REVIEW_TAGS[review]()[2];

export const conflictName = (kind) => ({
  field: tr('two values'), group: tr('values that belong together'), removed: tr('removed or kept'),
  area: tr('two areas'), seal: tr('sealed twice'), same: tr('maybe the same'),
  soft: tr('breaks a rule'),
}[kind] ?? kind);

export const policyWords = (policy) => ({
  human: tr('The form says: people decide.'),
  latest: tr('The form says: the latest one counts.'),
  max: tr('The form says: the largest one counts.'),
  min: tr('The form says: the smallest one counts.'),
  or: tr('The form says: yes if anybody said yes.'),
  union: tr('The form says: all of them count.'),
  authority: tr('The form says: the better source counts; of equal ones people decide.'),
  once: tr('The form says: written once; of two, people decide.'),
  server: tr('The form says: only the county writes it.'),
}[policy] ?? '');

export const changeName = (kind) => ({
  create: tr('made'), edit: tr('changed'), remove: tr('removed'), resolve: tr('decided'),
  seal: tr('sealed'), amend: tr('amended'), move: tr('moved to another area'),
  accept: tr('accepted'), same: tr('found to be the same'),
}[kind] ?? kind);

export const noteName = (kind) => ({
  comment: tr('Comment'), return: tr('Returned'), approve: tr('Approved'), mark: tr('Marked'),
  reopen: tr('Reopened'),
}[kind] ?? kind);

export const taskKinds = () => [['1', tr('New application')], ['2', tr('Review visit')],
  ['3', tr('Spot check')], ['4', tr('Check of a tip')], ['5', tr('Temporary relief')],
  ['6', tr('Third party')], ['9', tr('Other')]];
export const taskKind = (code) => Object.fromEntries(taskKinds())[code] ?? code;
export const taskState = (state) => ({ open: tr('open'), done: tr('done'),
  cancelled: tr('called off') }[state] ?? state);

export const deviceName = (name) => (name === 'county' ? tr('County') : name || '—');
export const label = (item) => plain(item.label || item.name || tr('Item'));

// Saved so long before it came in: there was no line, or nobody used it.
const OFFLINE_MS = 10 * 60000;

export function lineWords(one) {
  if (one.device === 'county') return tr('at the county');
  if (one.offline_ms === undefined) return '';
  if (one.offline_ms < OFFLINE_MS) return tr('online');
  const hours = one.offline_ms / 3600000;

  return hours < 48 ? tr('offline, came {n} h later', { n: hours.toFixed(1) })
    : tr('offline, came {n} days later', { n: Math.round(hours / 24) });
}

// A value as people read it; of a photo nothing: see picture.mjs.
export function valueWords(value, type) {
  if (value.value === null || value.value === undefined)
    return value.removed ? tr('(removed)') : tr('no answer');
  if (value.masked) return value.value;
  if (type === 'geopoint') return placeWords(value.value);
  if (type === 'date') return day(value.value);
  if (/^\d{4}-\d\d-\d\dT/.test(value.value)) return moment(value.value);
  if (value.text) return plain(value.text);
  if (type === 'select_multiple') return value.value.split(' ').join('、');
  return value.value;
}
