// people.mjs: people on this tablet: who they are, and one more, by somebody who gives him his own
// areas, with his own secret once more. The new one types a secret of his own, twice.
import { html, useEffect, useRef, useState } from 'kit/html.mjs';
import { Button, Failure, Field, Icon, Notice, toast } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { Frame } from './frame.mjs';

const SECRET_LEAST = 8;

const roleName = (role) => ({
  village: tr('Village worker'), investigator: tr('Investigator'), clerk: tr('Clerk'),
  township: tr('Township'), county: tr('County'), pollster: tr('Pollster'),
}[role] ?? role);

function Person({ person, me, areaName }) {
  return html`<li class="card stack"><div class="row"><${Icon} name="person" /><strong class="grow">${
      person.name}${person.id === me && ` (${tr('you')})`}</strong></div>
    <div class="row">${person.open && html`<span class="tag server"><${Icon} name="check" />${tr('unlocked')}</span>`}
    <span class="tag ${person.certified ? 'safe' : 'warning'}"><${Icon} name=${person.certified
      ? 'safe' : 'clock'} />${person.certified ? tr('certified by the county')
      : tr('not certified by the county yet')}</span></div>
    <p class="quiet small">${[person.role && roleName(person.role),
      person.areas.map(areaName).join('、') || tr('all areas of this tablet')].filter(Boolean).join(' · ')}</p>
    ${person.retry && html`<p class="small">${tr('After wrong secrets: no try before {when}',
      { when: moment(person.retry) })}</p>`}</li>`;
}

// The areas of whoever adds him; at least one.
function Areas({ areas, areaName, chosen, setChosen }) {
  return areas.length > 1 && html`<fieldset class="stack-small"><legend class="label">${
      tr('For which areas')}</legend><div class="choices columns">${areas.map((area) => html`
      <label class="choice" key=${area}><input type="checkbox" checked=${chosen.has(area)}
        onChange=${() => {
          const next = new Set(chosen);

          if (!next.delete(area)) next.add(area);
          if (next.size > 0) setChosen(next);
        }} /><span>${areaName(area)}</span></label>`)}</div></fieldset>`;
}

function Add({ mine, areaName, onAdded, onBack }) {
  const [name, setName] = useState('');
  const [fresh, setFresh] = useState(['', '']);
  const [secret, setSecret] = useState('');
  const [chosen, setChosen] = useState(new Set(mine.areas));
  const [errors, setErrors] = useState({});
  const [trouble, setTrouble] = useState(null);
  const [busy, setBusy] = useState(false);
  const form = useRef();

  function wrong() {
    if (!name.trim()) return { name: tr('Write his name.') };
    if ([...fresh[0]].length < SECRET_LEAST)
      return { fresh: tr('Take at least {n} characters.', { n: SECRET_LEAST }) };
    if (fresh[0] !== fresh[1]) return { again: tr('The two are not the same. Type them once more.') };
    return secret === '' ? { secret: tr('Type your secret.') } : {};
  }
  async function send(event) {
    const found = wrong();

    event.preventDefault();
    if (busy) return;
    setErrors(found);
    setTrouble(null);
    if (Object.keys(found).length > 0) {
      form.current.querySelectorAll('input.input')[['name', 'fresh', 'again', 'secret']
        .indexOf(Object.keys(found)[0])]?.focus();
      return;
    }
    setBusy(true);
    try {
      await api.addPerson({ name: name.trim(), new_secret: fresh[0], secret,
        ...(chosen.size < mine.areas.length && { areas: [...chosen] }) });
      toast(tr('{name} can work on this tablet now.', { name: name.trim() }));
      onAdded();
    } catch (failure) {
      setTrouble(failure);
      setSecret('');
    }
    setBusy(false);
  }
  const field = (id, label, value, set, hint, type = 'password') => html`<${Field} label=${label}
    hint=${hint} type=${type} value=${value} error=${errors[id]} onInput=${(text) => {
      set(text);
      setErrors({});
    }} autocomplete=${type === 'password' ? 'new-password' : 'off'} />`;

  return html`<form class="card stack" autocomplete="off" onSubmit=${send} ref=${form}>
    <h2>${tr('Add somebody')}</h2>
    ${field('name', tr('Name of the person'), name, setName, '', 'text')}
    ${field('fresh', tr('A secret for the new person'), fresh[0], (text) => setFresh([text, fresh[1]]),
      tr('He types it himself. Nobody can tell it to him again.'))}
    ${field('again', tr('The same once more'), fresh[1], (text) => setFresh([fresh[0], text]))}
    <${Areas} areas=${mine.areas} areaName=${areaName} chosen=${chosen} setChosen=${setChosen} />
    ${field('secret', tr('Secret of {name}', { name: mine.name }), secret, setSecret,
      tr('You give him the keys of your own areas; so you say once more who you are.'))}
    <${Failure} trouble=${trouble} />
    <div class="row spread"><${Button} onClick=${onBack}>${tr('Back')}</${Button}><${Button}
      kind="primary" icon="plus" type="submit" busy=${busy}>${tr('Add')}</${Button}></div></form>`;
}

export function People({ shared }) {
  const [list, setList] = useState(null);
  const [names, setNames] = useState({});
  const [trouble, setTrouble] = useState(null);
  const [isAdding, setAdding] = useState(false);
  const me = shared.me.person.id;
  const load = () => api.persons().then((answer) => setList(answer)).catch(setTrouble);
  const found = list?.find((one) => one.id === me);
  const mine = found && { ...found, areas: found.areas.length > 0 ? found.areas
    : shared.status.areas ?? [] };

  useEffect(() => {
    load();
    api.areas().then(({ areas }) => setNames(Object.fromEntries(areas.map((one) => [one.area,
      one.name]))), () => {});
  }, []);
  const areaName = (area) => names[area] || area;

  return html`<${Frame} title=${tr('People on this tablet')} back="#/settings" shared=${shared}>
    <${Failure} trouble=${trouble} onAgain=${load} />
    ${list && html`<ul class="list">${list.map((person) => html`<${Person} key=${person.id}
      person=${person} me=${me} areaName=${areaName} />`)}</ul>`}
    ${isAdding ? html`<${Add} mine=${mine} areaName=${areaName} onBack=${() => setAdding(false)}
        onAdded=${() => { setAdding(false); load(); shared.look(); }} />`
      : mine && html`<div><${Button} icon="plus" onClick=${() => setAdding(true)}>${
        tr('Add somebody')}</${Button}></div>`}
    <${Notice}><p>${tr('What he signs counts once the county has certified him; that happens when the tablet sends next.')
      }</p></${Notice}></${Frame}>`;
}
