// begin.mjs: a new record: which form, in which village. What there is only one of is not asked.
// A township of which the villages are known is no place for a household.
import { html, useEffect, useState } from 'kit/html.mjs';
import { Button, Failure, Notice } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { go } from './route.mjs';
import { Frame } from './frame.mjs';

const listOf = (answer, key) => (Array.isArray(answer) ? answer : answer?.[key] ?? []);

function Choices({ legend, name, items, value, onPick }) {
  return html`<fieldset class="stack"><legend class="label">${legend}</legend>
    <div class="choices">${items.map((item) => html`<label class="choice" key=${item.value}>
      <input type="radio" name=${name} checked=${value === item.value}
        onChange=${() => onPick(item.value)} /><span>${item.label}</span></label>`)}</div>
  </fieldset>`;
}

// People know villages by name; the code stands there where nobody has told one.
function areaWords(one, withTownship) {
  const name = one.name || one.area;

  return withTownship && one.within ? html`<span class="quiet">${one.within}</span> ${name}` : name;
}

export function NewRecord({ shared }) {
  const [forms, setForms] = useState(null);
  const [areas, setAreas] = useState(null);
  const [form, setForm] = useState('');
  const [area, setArea] = useState('');
  const [filter, setFilter] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState(null);

  async function load() {
    try {
      const [formAnswer, areaAnswer] = await Promise.all([api.forms(), api.areas()]);
      const formList = listOf(formAnswer, 'forms');
      const areaList = listOf(areaAnswer, 'areas').filter((one) => !one.parted);
      setForms(formList);
      setAreas(areaList);
      setForm((formList.find((one) => one.form === 'household') ?? formList[0])?.form ?? '');
      setArea(areaList.length === 1 ? areaList[0].area : '');
      setTrouble(null);
    } catch (failure) {
      setTrouble(failure);
    }
  }
  useEffect(() => {
    load();
  }, []);
  async function begin(event) {
    event.preventDefault();
    if (busy || !form || !area) return;
    setBusy(true);
    try {
      const draft = await api.beginDraft(form, area);
      shared.refresh();
      go('draft', String(draft.draft));
    } catch (failure) {
      setTrouble(failure);
    }
    setBusy(false);
  }
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = (areas ?? []).filter((one) => one.area === area || words.every((word) =>
    `${one.within ?? ''} ${one.name ?? ''} ${one.area}`.toLowerCase().includes(word))).slice(0, 60);

  const townships = new Set((areas ?? []).map((one) => one.within)).size;

  return html`<${Frame} title=${tr('New household')} back="#/" shared=${shared} foot=${html`<span>
      </span><${Button} kind="primary" after="next" busy=${busy} disabled=${!form || !area}
      onClick=${begin}>${tr('Begin')}</${Button}>`}>
    <${Failure} trouble=${trouble} onAgain=${load} />
    <form class="stack" autocomplete="off" onSubmit=${begin}>
    ${forms?.length > 1 && html`<${Choices} legend=${tr('What is filled in')} name="form"
      items=${forms.map((one) => ({ value: one.form, label: one.title || one.form }))}
      value=${form} onPick=${setForm} />`}
    ${forms?.length === 0 && html`<${Notice} kind="warning">${
      tr('No form has come yet. Send and receive once while there is a network.')}</${Notice}>`}
    ${areas?.length > 12 && html`<label class="field"><span
      class="label">${tr('Search an area')}</span>
      <input class="input" autocomplete="off" value=${filter}
        onInput=${(event) => setFilter(event.currentTarget.value)} /></label>`}
    ${areas && html`<${Choices} legend=${tr('Where the household lives')} name="area"
      items=${shown.map((one) => ({ value: one.area,
        label: areaWords(one, townships > 1) }))}
      value=${area} onPick=${setArea} />`}
    </form>
  </${Frame}>`;
}
