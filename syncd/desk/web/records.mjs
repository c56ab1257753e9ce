// records.mjs: the list of records, and one of them (#/records/ID). What is searched for never
// stands in an address.
import { html, useEffect, useRef, useState } from 'kit/html.mjs';
import { Button, Dialog, Failure, toast } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './case_api.mjs';
import { AreaTree, nodeName, useAreas } from './areas.mjs';
import { REVIEWS, STATES, formName, reviewName, reviewTag, stateName, stateTag }
  from './case_words.mjs';
import { Frame } from './frame.mjs';
import { Chips, List, useList } from './list.mjs';
import { RecordPage } from './record.mjs';
import { href, refilter } from './route.mjs';
import { Area } from './say.mjs';

const FORMATS = ['xlsx', 'zip', 'csv', 'json', 'jsonl', 'geojson'];
const ORDERS = () => [['changed', tr('changed last')], ['created', tr('made last')],
  ['name', tr('by name')], ['area', tr('by area')]];

const typed = { text: '' }; // as long as the page is not loaded anew

export function forgetSearch() {
  typed.text = '';
}

function Choice({ label, value, onChange, options }) {
  return html`<label class="field"><span class="label">${label}</span>
    <select class="input" value=${value} onChange=${(event) => onChange(event.currentTarget.value)}>
      ${options.map(([id, words]) => html`<option key=${id} value=${id}
        selected=${id === value}>${words}</option>`)}</select></label>`;
}

function TakeAway({ filters, text, form, mayReveal, onClose }) {
  const [format, setFormat] = useState('xlsx');
  const [full, setFull] = useState(false);
  const [reason, setReason] = useState('');
  const [trouble, setTrouble] = useState(null);
  const [busy, setBusy] = useState(false);

  async function take(event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setTrouble(null);
    try {
      const blob = await api.takeAway({ ...filters, ...(text && { text }), form, format,
        ...(full && { reveal: '1', reason }) });
      const link = document.createElement('a');

      link.href = URL.createObjectURL(blob);
      link.download = `${form}.${format}`;
      link.click();
      URL.revokeObjectURL(link.href);
      toast(tr('Done.'));
      onClose();
    } catch (failure) {
      setTrouble(failure);
      setBusy(false);
    }
  }
  return html`<${Dialog} title=${tr('Take away: {form}', { form: formName(form) })}
    onClose=${onClose}><form class="stack" onSubmit=${take}>
    <p class="quiet">${tr('All records of this list. It is logged.')}</p>
    <${Choice} label=${tr('Kind of file')} value=${format} onChange=${setFormat}
      options=${FORMATS.map((one) => [one, one.toUpperCase()])} />
    ${mayReveal && html`<label class="check"><input type="checkbox" checked=${full}
      onChange=${(event) => setFull(event.currentTarget.checked)} />${
      tr('with confidential answers')}</label>`}
    ${full && html`<${Area} label=${tr('Reason')} value=${reason} onInput=${setReason} required />`}
    <${Failure} trouble=${trouble} />
    <div class="row spread"><${Button} onClick=${onClose}>${tr('Back')}</${Button}>
      <${Button} kind="primary" type="submit" busy=${busy}>${tr('Take away')}</${Button}></div>
  </form></${Dialog}>`;
}

function RecordList({ filters, shared }) {
  const [forms, setForms] = useState(['household']);
  const [words, setWords] = useState(typed.text);
  const [text, setText] = useState(typed.text);
  const [isTaking, setTaking] = useState(false);
  const { nodes } = useAreas();
  const search = useRef();
  const form = filters.form ?? 'household';
  const asked = { form: form === 'all' ? '' : form, area: filters.area, state: filters.state,
    review: filters.review, order: filters.order };
  const list = useList('records', (after) => api.records(asked, text, after), [asked, text]);
  const set = (more) => refilter({ ...filters, ...more });
  const mayTake = shared.me.may.some((one) => ['move', 'audit'].includes(one));

  useEffect(() => {
    api.tally().then(({ items }) => setForms([...new Set(items.map((one) => one.form))].sort()),
      () => {});
  }, []);
  function find(event) {
    event?.preventDefault();
    typed.text = words.trim();
    setText(typed.text);
  }
  const chips = [
    text && { label: text, onRemove: () => { setWords(''); typed.text = ''; setText(''); } },
    filters.area && { label: nodes?.get(filters.area) ? nodeName(nodes.get(filters.area))
      : filters.area, onRemove: () => set({ area: '' }) },
    filters.state && { label: stateName(filters.state), onRemove: () => set({ state: '' }) },
    filters.review && { label: reviewName(filters.review), onRemove: () => set({ review: '' }) },
  ].filter(Boolean);

  return html`<${Frame} title=${tr('Records')} wide side=${html`<${AreaTree}
      selected=${filters.area ?? ''} onSelect=${(area) => set({
        area: area === filters.area ? '' : area })} />`}
      actions=${mayTake && html`<${Button} icon="down" onClick=${() => setTaking(true)}>${
        tr('Take away')}</${Button}>`}>
    <form class="filters" role="search" autocomplete="off" onSubmit=${find}>
      <label class="field"><span class="label">${tr('Search')}</span>
        <input class="input" type="search" ref=${search} value=${words} autocomplete="off"
          placeholder=${tr('name, initials, end of the identity number, village')}
          onInput=${(event) => {
            setWords(event.currentTarget.value);
            if (event.currentTarget.value === '' && text) { typed.text = ''; setText(''); }
          }} /></label>
      <${Button} icon="search" type="submit">${tr('Find')}</${Button}>
      <${Choice} label=${tr('Form')} value=${form} onChange=${(one) => set({ form: one })}
        options=${[...new Set([...forms, form].filter((one) => one !== 'all'))]
          .map((one) => [one, formName(one)]).concat([['all', tr('all forms')]])} />
      <${Choice} label=${tr('State')} value=${filters.state ?? ''} onChange=${(one) => set({
        state: one })} options=${[['', tr('any')], ...STATES.map((one) => [one,
        stateName(one)])]} />
      <${Choice} label=${tr('Review')} value=${filters.review ?? ''} onChange=${(one) => set({
        review: one })} options=${[['', tr('any')], ...REVIEWS.map((one) => [one,
        reviewName(one)])]} />
      <${Choice} label=${tr('Order')} value=${filters.order ?? 'changed'}
        onChange=${(one) => set({ order: one })} options=${ORDERS()} />
    </form>
    <${Chips} chips=${chips} />
    <${List} list=${list} label=${tr('Records')} rowClass=${(item) => (item.states
      .includes('withdrawn') ? 'past' : '')} columns=${[
      { id: 'title', label: tr('Title'), cell: (item) => item.title || tr('Without a name'),
        href: (item) => href('records', [item.id]) },
      { id: 'form', label: tr('Form'), optional: true, cell: (item) => formName(item.form) },
      { id: 'area', label: tr('Area'), optional: true,
        cell: (item) => item.areas.map((one) => one.name || one.area).join('、') },
      { id: 'state', label: tr('State'), cell: (item) => item.states.map(stateTag) },
      { id: 'review', label: tr('Review'), optional: true, cell: (item) =>
        item.review !== 'none' && reviewTag(item.review) },
      { id: 'changed', label: tr('Changed last'), optional: true,
        cell: (item) => moment(item.changed) },
      { id: 'by', label: tr('By'), optional: true, cell: (item) => item.changed_by?.name ?? '—' },
      { id: 'created', label: tr('Made'), optional: true, cell: (item) => moment(item.created) },
      { id: 'id', label: tr('Number'), optional: true, cell: (item) => html`<code>${
        item.id}</code>` },
    ]} />
    ${isTaking && form !== 'all' && html`<${TakeAway} filters=${asked} text=${text} form=${form}
      mayReveal=${shared.me.may.includes('reveal')} onClose=${() => setTaking(false)} />`}
    ${isTaking && form === 'all' && html`<${Dialog} title=${tr('Take away')}
      onClose=${() => setTaking(false)}><p>${tr('Choose one form first.')}</p>
      <${Button} onClick=${() => setTaking(false)}>${tr('Back')}</${Button}></${Dialog}>`}
  </${Frame}>`;
}

export function Records({ words, filters, shared }) {
  return words[0] ? html`<${RecordPage} id=${words[0]} shared=${shared} />`
    : html`<${RecordList} filters=${filters} shared=${shared} />`;
}
