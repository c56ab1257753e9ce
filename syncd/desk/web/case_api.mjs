// case_api.mjs: what the pages of records, conflicts and changes kept aside ask (docs/console.md).
import { get, post } from 'kit/request.mjs';
import { query } from './api.mjs';

const at = (record, what = '') => `api/records/${encodeURIComponent(record)}${what}`;

// Words that are searched for go in the body.
export const records = (filters, text, after) => (text
  ? post('api/records', { ...filters, text, ...(after && { after }) })
  : get(query('api/records', { ...filters, after })));
export const tally = () => get('api/records/tally');
export const takeAway = (wish) => post('api/records/export', wish, { blob: true });

export const record = (id, reason) => (reason ? post(at(id, '/reveal'), { reason }) : get(at(id)));
export const history = (id, path, reason) => (reason
  ? post(at(id, '/history'), { path, reason }) : get(query(at(id, '/history'), { path })));
export const income = (id, reason) => (reason ? post(at(id, '/income'), { reason })
  : get(at(id, '/income')));
export const pictureAt = (id, hash) => at(id, `/attachments/${hash}`);
export const picture = (id, hash, reason) => post(pictureAt(id, hash), { reason }, { blob: true });
export const workers = (id) => get(at(id, '/workers'));
export const note = (id, words) => post(at(id, '/notes'), words);
export const task = (id, order) => post(at(id, '/tasks'), order);
export const cancelTask = (id, reason) => post(`api/tasks/${encodeURIComponent(id)}/cancel`,
  { reason });

export const conflicts = (filters, after) => get(query('api/conflicts', { ...filters, after }));
export const questions = (id, reason) => (reason ? post(at(id, '/conflicts'), { reason })
  : get(at(id, '/conflicts')));
export const effect = (id, answer) => post(at(id, '/effect'), answer);
export const resolve = (id, answer) => post(at(id, '/resolve'), answer);

export const aside = (filters, after) => get(query('api/quarantine', { ...filters, after }));
export const kept = (dot, reason) => (reason
  ? post(`api/quarantine/${encodeURIComponent(dot)}/reveal`, { reason })
  : get(`api/quarantine/${encodeURIComponent(dot)}`));
export const settle = (dots, release, reason) => post('api/quarantine', { dots, release, reason });
