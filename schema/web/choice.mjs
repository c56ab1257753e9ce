// choice.mjs: questions with a list of choices: one, several, or put into an order. Short lists lie
// open with large targets; long ones open with a search. Everything works with arrow keys.
import { html, useEffect, useRef, useState } from 'kit/html.mjs';
import { Button, Icon } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import { Inline, plain } from './markdown.mjs';
import { hasMedia, Media } from './media.mjs';
import { aria, has } from './input.mjs';

const LONG_LIST = 12; // more choices than this get a search
const SHOWN_MAX = 200; // lines of a search; typing narrows it

// A choice always says something: where an author gave it a picture and no words, the name of the
// picture is read out, and is found by a search.
const optionsOf = (question) => (question.options ?? []).map((option) => (option.label ? option
  : { ...option, isWordless: hasMedia(option), label: (option.image ?? option.audio ?? option.video)
    ?.replace(/\.\w+$/, '') || option.value }));

function layout(question) {
  if (has(question, 'likert')) return 'likert';
  const columns = /\bcolumns-(\d)\b/.exec(question.appearance ?? '');
  if (columns) return `columns of-${Math.max(1, Math.min(5, Number(columns[1])))}`;
  if (/\b(columns|horizontal|quickcompact|compact)/.test(question.appearance ?? ''))
    return 'columns';
  if (has(question, 'label') || has(question, 'list-nolabel') || has(question, 'list'))
    return 'table';
  const isPictures = optionsOf(question).length > 1 &&
    optionsOf(question).every((option) => option.image);
  if (isPictures) return 'columns pictures';
  // Short words beside one another: less to scroll, and the eye still finds them.
  const options = optionsOf(question);
  return options.length > 3 && options.every((option) => (option.label ?? '').length <= 10)
    ? 'columns' : '';
}

const wantsSearch = (question) => has(question, 'autocomplete') || has(question, 'search') ||
  optionsOf(question).length > LONG_LIST;

function matches(option, words) {
  const text = `${plain(option.label ?? '')} ${option.value}`.toLowerCase();

  return words.every((word) => text.includes(word));
}

// A list that opens under a line of search. The reader hears how many are left.
function Search({ context, chosen, onPick, many }) {
  const { question, id } = context;
  const [isOpen, setOpen] = useState(false);
  const [typed, setTyped] = useState('');
  const [active, setActive] = useState(0);
  const box = useRef();
  const list = useRef();
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = optionsOf(question).filter((option) => matches(option, words));
  const shown = found.slice(0, SHOWN_MAX);
  const labels = optionsOf(question).filter((option) => chosen.has(option.value))
    .map((option) => plain(option.label ?? option.value));

  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: 'nearest' });
  }, [active, isOpen]);
  function close(again) {
    setOpen(false);
    setTyped('');
    if (again) box.current.focus();
  }
  function pick(option) {
    onPick(option.value);
    if (!many) close(true);
  }
  function key(event) {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const step = event.key === 'ArrowDown' ? 1 : -1;
      event.preventDefault();
      if (!isOpen) setOpen(true);
      else setActive(Math.max(0, Math.min(shown.length - 1, active + step)));
    } else if (event.key === 'Enter' && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      if (shown[active]) pick(shown[active]);
    } else if (event.key === 'Escape' && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      close(true);
    }
  }
  return html`<div class="search" onFocusOut=${(event) =>
      !event.currentTarget.contains(event.relatedTarget) && close(false)}>
    <div class="search-line"><input class="input" ref=${box} role="combobox" ...${aria(context)}
      autocomplete="off" spellcheck=${false} aria-expanded=${isOpen ? 'true' : 'false'}
      aria-controls="${id}list" aria-autocomplete="list"
      aria-activedescendant=${isOpen && shown[active] ? `${id}o${active}` : undefined}
      placeholder=${tr('Type to search')} onKeyDown=${key}
      value=${isOpen ? typed : labels.join('、')}
      onClick=${() => setOpen(true)}
      onInput=${(event) => { setTyped(event.currentTarget.value); setActive(0); setOpen(true); }} />
      <${Icon} name=${isOpen ? 'up' : 'down'} /></div>
    <span class="hidden" role="status">${isOpen ? tr('{n} choices', { n: found.length }) :
      ''}</span>
    <ul class="options" id="${id}list" role="listbox" ref=${list} hidden=${!isOpen}
      aria-label=${plain(question.label ?? '')} aria-multiselectable=${many ? 'true' : undefined}>
      ${isOpen && shown.map((option, index) => html`<li key=${option.value} id="${id}o${index}"
        role="option" class="option ${index === active ? 'active' : ''}"
        aria-selected=${chosen.has(option.value) ? 'true' : 'false'}
        onMouseDown=${(event) => event.preventDefault()} onClick=${() => pick(option)}>
        <${Icon} name=${chosen.has(option.value) ? 'check' : ''} />
        <${Media} of=${option} address=${context.medium} words=${option.label} only="image" />
        <${Inline} text=${option.label} /></li>`)}
      ${isOpen && shown.length === 0 && html`<li class="option quiet" role="option"
        aria-disabled="true" aria-selected="false">${tr('Nothing found')}</li>`}
    </ul>
    ${labels.length > 0 && !isOpen && !question.required && !many && html`<${Button} kind="plain"
      icon="close" onClick=${() => onPick('')}>${tr('Take the answer back')}</${Button}>`}
  </div>`;
}

function Native({ context }) {
  return html`<select class="input" ...${aria(context)} value=${context.value}
    onChange=${(event) => context.set(event.currentTarget.value)}>
    <option value="">${tr('Please choose')}</option>
    ${optionsOf(context.question).map((option) => html`<option key=${option.value}
      value=${option.value}>${plain(option.label ?? '')}</option>`)}</select>`;
}

function Choice({ context, option, type, isChosen, onChange, isBare }) {
  const words = plain(option.label ?? '');
  const label = html`<label class="choice">
    <input type=${type} name=${context.id} checked=${isChosen} onChange=${onChange}
      aria-label=${isBare || option.isWordless ? words : undefined}
      aria-describedby=${context.described || undefined} />
    ${isBare ? null : html`<span class="choice-said"><${Media} of=${option}
      address=${context.medium} words=${words} only="image" />${!option.isWordless &&
      html`<${Inline} text=${option.label} />`}</span>`}</label>`;

  // What is played has buttons of its own, and stands beside the choice's.
  return isBare || !(option.audio || option.video) ? label
    : html`<div class="choice-played">${label}<${Media} of=${option} address=${context.medium}
        words=${words} only="played" /></div>`;
}

export function SelectOne({ context }) {
  const { question, value, set } = context;
  const options = optionsOf(question);
  const isBare = has(question, 'list-nolabel');

  if (wantsSearch(question))
    return html`<${Search} context=${context} chosen=${new Set(value ? [value] : [])}
      onPick=${(picked) => set(picked)} />`;
  if (/\bminimal\b/.test(question.appearance ?? '')) return html`<${Native} context=${context} />`;
  if (options.length === 0) return html`<p class="quiet">${
    tr('There is nothing to choose yet. The choices depend on earlier answers.')}</p>`;
  return html`<div class="choices ${layout(question)}">
    ${options.map((option) => html`<${Choice} key=${option.value} context=${context}
      option=${option} type="radio" isChosen=${value === option.value} isBare=${isBare}
      onChange=${() => {
        set(option.value);
        if (/\bquick/.test(question.appearance ?? '')) context.goOn();
      }} />`)}</div>
    ${value && !question.required && html`<div><${Button} kind="plain" icon="close"
      onClick=${() => set('')}>${tr('Take the answer back')}</${Button}></div>`}`;
}

export function SelectMany({ context }) {
  const { question, value, set } = context;
  const chosen = new Set(value.split(' ').filter(Boolean));
  const options = optionsOf(question);

  function toggle(picked) {
    const next = new Set(chosen);

    if (!next.delete(picked)) next.add(picked);
    set(options.map((option) => option.value).filter((one) => next.has(one)).join(' '));
  }
  if (wantsSearch(question) || /\bminimal\b/.test(question.appearance ?? ''))
    return html`<${Search} context=${context} chosen=${chosen} onPick=${toggle} many />`;
  return html`<div class="choices ${layout(question)}">
    ${options.map((option) => html`<${Choice} key=${option.value} context=${context}
      option=${option} type="checkbox" isChosen=${chosen.has(option.value)}
      isBare=${has(question, 'list-nolabel')} onChange=${() => toggle(option.value)} />`)}</div>`;
}

// Into an order: the most important on top, moved by two buttons.
export function Rank({ context }) {
  const { question, value, set } = context;
  const options = optionsOf(question);
  const given = value.split(' ').filter(Boolean);
  const order = [...given.filter((one) => options.some((option) => option.value === one)),
    ...options.map((option) => option.value).filter((one) => !given.includes(one))];

  function move(index, step) {
    const next = [...order];

    [next[index], next[index + step]] = [next[index + step], next[index]];
    set(next.join(' '));
  }
  return html`<ol class="rank ${value ? '' : 'untouched'}">
    ${order.map((one, index) => {
      const label = plain(options.find((option) => option.value === one)?.label ?? one);
      return html`<li key=${one} class="rank-line"><span class="rank-place">${
        value ? index + 1 : '—'}</span><span class="grow">${label}</span>
        <button type="button" class="button" disabled=${index === 0}
          aria-label=${tr('{choice}: up', { choice: label })}
          onClick=${() => move(index, -1)}><${Icon} name="up" /></button>
        <button type="button" class="button" disabled=${index === order.length - 1}
          aria-label=${tr('{choice}: down', { choice: label })}
          onClick=${() => move(index, 1)}><${Icon} name="down" /></button></li>`;
    })}</ol>
    ${!value && options.length > 0 && html`<div><${Button} icon="check"
      onClick=${() => set(order.join(' '))}>${tr('This order is right')}</${Button}></div>`}`;
}
