// cell.mjs: an answer of a record in words: labels instead of codes, dates as people write them.
import { day, moment } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import { placeWords } from 'form/place.mjs';

export function cellWords(cell) {
  if (cell.type === 'attachment' && (cell.kind === 'set' || cell.value))
    return tr('{n} attached', { n: cell.kind === 'set' ? cell.elements.length : 1 });
  if (cell.kind === 'set')
    return cell.elements.map((one) => one.text ?? one.value ?? '').join('、');
  if (cell.type === 'geopoint' && cell.value) return placeWords(cell.value);
  if (/^\d{4}-\d\d-\d\dT/.test(cell.value ?? '')) return moment(cell.value);
  if (cell.type === 'date' && cell.value) return day(cell.value);
  // What somebody has read is stored so, and nobody types it into a confirmation.
  if (cell.value === 'OK' && !cell.text) return tr('Yes');
  return cell.text ?? cell.value ?? '';
}

// What a form asks of the program and not of people has no label, only a name for programs.
export function nameless(cell) {
  if (cell.label && cell.label !== cell.name) return '';
  switch (cell.name) {
    case 'start':
    case 'started': return tr('Filling begun');
    case 'end': return tr('Filling ended');
    case 'today':
    case 'filled_on': return tr('Filled in on');
    case 'username':
    case 'filled_by': return tr('Filled in by');
    default: return '';
  }
}

// Behind the number of a member, an income: who or what it is.
export function titleOfInstance(instance) {
  const cell = instance.values.find((one) => ['name', 'item_code', 'kind', 'investigator', 'who']
    .includes(one.name));
  const words = cell ? cellWords(cell) : '';

  return words && ` · ${words}`;
}
