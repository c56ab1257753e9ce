// overview.mjs: the list to look through before one leaves the house: every page of the form, what
// is missing in it, with a jump to each.
import { html, useState } from 'kit/html.mjs';
import { Button, Dialog, Icon, Notice } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import { plain } from 'form/markdown.mjs';

function Missing({ item, onOpen }) {
  const { question, page } = item;

  return html`<li><button type="button" class="item" onClick=${() => onOpen(page.id, question.ref)}>
    <${Icon} name="error" /><span class="grow"><strong>${plain(question.label ||
      question.ref)}</strong>
    <span class="quiet block small">${[page.title, question.error && question.value
      ? question.error : tr('still to be answered')].filter(Boolean).join(' · ')}</span></span>
    <${Icon} name="next" /></button></li>`;
}

function Doubt({ item, onOpen }) {
  const { question, page } = item;
  const words = question.warning || question.soft || tr('People contradict each other here.');

  return html`<li><button type="button" class="item" onClick=${() => onOpen(page.id, question.ref)}>
    <${Icon} name=${question.conflict ? 'conflict' : 'warning'} /><span class="grow"><strong>${
      plain(question.label || question.ref)}</strong>
    <span class="quiet block small">${[page.title, words].filter(Boolean).join(' · ')}</span></span>
    <${Icon} name="next" /></button></li>`;
}

export function Overview({ pages, missing, doubts, form, onOpen, onDiscard }) {
  const [isAsking, setAsking] = useState(false);
  const top = pages.filter((page) => !page.up);
  const below = (page) => missing.filter((item) => {
    for (let at = item.page; at; at = pages.find((one) => one.id === at.up))
      if (at.id === page.id) return true;
    return false;
  }).length;

  return html`<div class="stack">
    ${missing.length === 0 ? html`<${Notice} icon="check">${
      tr('Nothing is missing. You can finish.')}</${Notice}>`
      : html`<section><h2>${tr('{n} missing or wrong', { n: missing.length })}</h2>
        <ul class="list">${missing.map((item) => html`<${Missing} key=${item.question.ref}
          item=${item} onOpen=${onOpen} />`)}</ul></section>`}
    ${doubts.length > 0 && html`<section class="doubts"><h2>${
      tr('{n} to look at again', { n: doubts.length })}</h2>
      <p class="quiet">${tr('This does not keep you from finishing.')}</p>
      <ul class="list">${doubts.map((item) => html`<${Doubt} key=${item.question.ref}
        item=${item} onOpen=${onOpen} />`)}</ul></section>`}
    <section><h2>${tr('All pages')}</h2><ul class="list">${top.map((page) => {
      const count = below(page);
      return html`<li key=${page.id}><button type="button" class="item"
        onClick=${() => onOpen(page.id)}><span class="grow">${page.title || form.title}</span>
        ${count > 0 ? html`<span class="tag error"><${Icon} name="error" />${
          tr('{n} missing', { n: count })}</span>`
          : html`<span class="tag safe"><${Icon} name="check" />${tr('complete')}</span>`}
        <${Icon} name="next" /></button></li>`;
    })}</ul></section>
    <div><${Button} kind="danger" icon="trash" onClick=${() => setAsking(true)}>${
      tr('Throw this draft away')}</${Button}></div>
    ${isAsking && html`<${Dialog} title=${tr('Throw this draft away?')}
      onClose=${() => setAsking(false)}>
      <p>${form.record ? tr('The record stays as it was before this draft.')
        : tr('What was answered in it is gone for good.')}</p>
      <div class="row"><${Button} onClick=${() => setAsking(false)}>${tr('Keep it')}</${Button}>
      <${Button} kind="danger" icon="trash"
        onClick=${onDiscard}>${tr('Throw away')}</${Button}></div>
      </${Dialog}>`}
  </div>`;
}
