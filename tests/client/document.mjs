// document.mjs: a reading in the words of `show --json` (yg-agent(1)), to compare it with what our programs
// print. Nothing of it is in the protocol.
import { AREA, BYTES, DATE, DECIMAL, ERASED, EXISTS, INTEGER, NULL, SAME, dotText, instanceText, root } from './wire.mjs';

const versionText = (v) => dotText(v) + (v.ordinal ? `.${v.ordinal}` : '');

function plain({ type, value }, field) {
  if (type === NULL || type === BYTES) return null;
  if (type === ERASED) return '';
  if (field === AREA) return String(value);
  if (type === DATE) return new Date(value * 86400000).toISOString().slice(0, 10);
  if (type === DECIMAL) return Number(value.mantissa) / 10 ** value.scale;
  return type === INTEGER ? Number(value) : value;
}

// Names of a field and of the groups that it is in, from the repeat on that it is in.
function stepOf(form, number) {
  const field = form?.fields.find((one) => one.number === number);
  if (!field) return `#${number}`;
  const names = [field.name];
  for (let at = form.fields[field.parent]; at && at.type !== 'repeat'; at = form.fields[at.parent])
    names.unshift(at.name);
  return names.join('/');
}

export function pathOf(reading, instance, field) {
  const steps = [];
  for (let node = reading.nodes.get(instanceText(instance)); node?.id.ordinal; node = node.parent)
    steps.unshift(`${stepOf(reading.form, node.repeat)}[${instanceText(node.id)}]`);
  const pseudo = { [AREA]: '@area', [SAME]: '@same', [EXISTS]: steps.length ? undefined : '#2' };
  if (field >= 32) steps.push(stepOf(reading.form, field));
  else if (field >= 16) steps.push(`@seal/${reading.form.scopes[field - 16]}`);
  else if (pseudo[field]) steps.push(pseudo[field]);
  return steps.join('/');
}

export const inOrder = (x) =>
  JSON.parse(
    JSON.stringify(x, (key, v) =>
      v && v.constructor === Object
        ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
        : v,
    ),
  );
const sorted = (list) => [...list].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

export function document(reading) {
  const values = {};
  const there = (instance) => {
    const node = reading.nodes.get(instanceText(instance));
    return node && (!instance.ordinal || !reading.isOut(node));
  };
  for (const { instance, field, kind, value, values: set, versions } of reading.cells.values()) {
    if (field < 32 || !there(instance)) continue;
    const path = pathOf(reading, instance, field);
    if (kind === 'value') values[path] = plain(value);
    if (kind === 'set') values[path] = sorted(set.map((v) => plain(v)));
    if (kind === 'erased') values[path] = { erased: true, reason: reading.why(versions[0])?.reason };
  }
  const conflicts = {};
  const add = (at, side) => (conflicts[at] = [...(conflicts[at] ?? []), side]);
  for (const { kind, instance, field, sides, other } of reading.conflicts) {
    const same = kind === 'same' ? { same_as: instanceText(other) } : {};
    const fields =
      kind === 'group'
        ? reading.form.fields.filter((f) => f.merge_group === field).map((f) => f.number)
        : [field];
    for (const number of fields)
      for (const side of sides) {
        const wrote =
          kind === 'group'
            ? reading.state.live(instance, number).find((v) => dotText(v) === dotText(side))
            : side;
        const at = pathOf(reading, instance, kind === 'same' ? SAME : number);
        const value = wrote ? plain(wrote, number) : null;
        add(at, { kind, dot: versionText(wrote ?? side), value, rank: (wrote ?? side).rank ?? 0, ...same });
      }
  }
  for (const at of Object.keys(conflicts)) conflicts[at] = sorted(conflicts[at].map(inOrder));
  const areas = reading.state.live(root, AREA).map(({ value }) => String(value));
  return inOrder({
    form: reading.form?.name ?? '',
    version: reading.form?.version ?? '',
    area: [...new Set(areas)].sort().join(','),
    values,
    conflicts,
    sealed: reading.sealed.size > 0,
    position: reading.state.infos.size,
  });
}

// The same of what a program prints. What is asked of broken rules is left out: this client runs no forms.
export function printed({ form, version, area, values, conflicts, sealed, position }) {
  const side = ({ kind, dot, value, rank, same_as }) =>
    inOrder({ kind, dot, value, rank, ...(same_as ? { same_as } : {}) });
  const shown = Object.entries(values).map(([at, v]) => {
    if (Array.isArray(v)) return [at, sorted(v)];
    return [at, v?.erased ? { erased: true, reason: v.reason } : v];
  });
  const asked = Object.entries(conflicts)
    .map(([at, list]) => [at, sorted(list.filter(({ kind }) => kind !== 'soft').map(side))])
    .filter(([, list]) => list.length);
  return inOrder({
    form,
    version,
    area,
    values: Object.fromEntries(shown),
    conflicts: Object.fromEntries(asked),
    sealed,
    position,
  });
}
