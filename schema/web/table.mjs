// table.mjs: a group of questions with one and the same list of choices (appearance table-list), as
// rows of a table: what is asked at the left, the choices above. On a telephone each row is a card.
import { html } from 'kit/html.mjs';
import { Notice } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import { Inline, plain } from './markdown.mjs';
import { domId } from './question.mjs';

const CHOICES_MOST = 8; // more columns than this cannot be read

const sameList = (one, other) => one.length === other.length &&
  one.every((option, index) => option.value === other[index].value &&
    option.label === other[index].label);

// Whether the nodes of a group can be drawn so.
export function isTable(nodes) {
  const [first] = nodes;
  const options = first?.question.options ?? [];

  return nodes.length > 0 && options.length > 0 && options.length <= CHOICES_MOST &&
    nodes.every(({ question, children }) => ['select_one', 'select_many'].includes(question.kind) &&
      !question.read_only && !(children?.length > 0) && sameList(options, question.options ?? []));
}

function Row({ question, form }) {
  const { ref } = question;
  const value = form.valueOf(question);
  const chosen = new Set(value.split(' ').filter(Boolean));
  const many = question.kind === 'select_many';
  const id = domId(ref);
  const error = form.refused.get(ref) || ((form.showAll || form.touched.has(ref) ||
    question.value) && question.error);

  function pick(option) {
    if (!many) {
      form.set(ref, option);
      return;
    }
    const next = new Set(chosen);

    if (!next.delete(option)) next.add(option);
    form.set(ref, question.options.map((one) => one.value).filter((one) => next.has(one)).join(' '));
  }
  return html`<tr class="question" id=${id} data-ref=${ref}><th scope="row" id="${id}t">
    <${Inline} text=${question.label} />${question.required && html`<span class="must"
      aria-hidden="true"> *</span><span class="hidden">${tr('(required)')}</span>`}
    ${question.hint && html`<span class="quiet small block"><${Inline} text=${question.hint} /></span>`}
    ${error && html`<${Notice} kind="error"><p>${error}</p></${Notice}>`}
    ${question.warning && html`<${Notice} kind="warning"><p>${question.warning}</p></${Notice}>`}</th>
    ${question.options.map((option) => html`<td key=${option.value}><label class="choice">
      <input type=${many ? 'checkbox' : 'radio'} name="${id}i" checked=${chosen.has(option.value)}
        aria-label="${plain(question.label ?? '')}: ${plain(option.label ?? '')}"
        onChange=${() => pick(option.value)} />
      <span class="table-said" aria-hidden="true"><${Inline} text=${option.label} /></span>
      </label></td>`)}</tr>`;
}

export function Table({ nodes, form, title }) {
  const { options } = nodes[0].question;

  return html`<table class="table-list-rows"><caption class="hidden">${plain(title ?? '')}</caption>
    <thead><tr><td></td>${options.map((option) => html`<th scope="col" key=${option.value}>
      <${Inline} text=${option.label} /></th>`)}</tr></thead>
    <tbody>${nodes.map(({ id, question }) => html`<${Row} key=${id} question=${question}
      form=${form} />`)}</tbody></table>`;
}
