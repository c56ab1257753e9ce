// pages.mjs: how a form is cut into pages: one group a page, an instance of a repeat a page (or
// several) of its own. Pure: questions in, pages out. Questions come in the order of the form with
// their depth, as docs/api.md tells; an instance has the depth of its repeat.

const PAGE_WEIGHT = 24; // questions; a heavier group with groups in it is cut at these

const isContainer = (kind) => kind === 'group' || kind === 'repeat' || kind === 'instance';

function idOf(question, index) {
  return question.ref || `.${index}`;
}

// What the program fills in by itself (appearance hidden): shown only where it is missing.
const isHidden = (question) => ` ${question.appearance ?? ''} `.includes(' hidden ') &&
  !(question.required && !question.value);

// {children: [node]}; a node is {question, id, children, weight}.
export function treeOf(all) {
  const questions = all.filter((question) => !isHidden(question));
  const root = { children: [], level: -1, weight: 0 };
  const stack = [root];

  questions.forEach((question, index) => {
    const level = 2 * (question.depth ?? 0) + (question.kind === 'instance' ? 1 : 0);
    const node = { question, id: idOf(question, index), level, children: [], weight: 0 };

    while (stack.at(-1).level >= level) stack.pop();
    stack.at(-1).children.push(node);
    if (isContainer(question.kind)) stack.push(node);
    else for (const above of stack) above.weight++;
  });
  for (const node of root.children) flatten(node);
  return root;
}

// A group around nothing but a repeat is how XForms give a repeat its label.
function flatten(node) {
  node.children.forEach(flatten);
  if (node.question.kind !== 'group' || node.children.length !== 1) return;
  const only = node.children[0];
  if (only.question.kind !== 'repeat') return;
  const label = only.question.label || node.question.label;
  Object.assign(node, only, { level: node.level, question: { ...only.question, label } });
}

export function titleOf(node) {
  return node.question?.label ?? '';
}

// What a card says about an instance: its first answers, in words.
export function summaryOf(instance, say = spoken, most = 3) {
  const words = [];

  walk(instance, (node) => {
    const { question } = node;
    if (words.length >= most || isContainer(question.kind) || !question.value ||
        question.kind === 'note' || question.kind === 'upload') return;
    words.push(say(question));
  });
  return words.filter(Boolean).join(' · ');
}

// An answer as people say it: labels of choices instead of their codes.
export function spoken(question) {
  if (!question.value) return '';
  if (!question.options) return question.value;
  return question.value.split(' ').map((value) =>
    question.options.find((option) => option.value === value)?.label ?? value).join('、');
}

export function walk(node, visit) {
  for (const child of node.children) {
    visit(child);
    walk(child, visit);
  }
}

// A page: {id, title, nodes, up: id of the page above or null, instance: ref of the innermost
// instance or null, appearance: of the group that it is}. Pages of instances stand behind the page of their repeat.
export function pagesOf(root) {
  const pages = [];

  cut(root.children, { pages, title: '', up: null, instance: null });
  return pages;
}

function add(context, id, title, nodes) {
  const page = { id, title, nodes, up: context.up, instance: context.instance };

  context.pages.push(page);
  for (const node of nodes) instancesOf(node, context, page);
}

function instancesOf(node, context, page) {
  if (node.question.kind === 'instance') {
    cut(node.children, {
      pages: context.pages, up: page.id, instance: node.question.ref,
      title: `${titleOf(node) || node.repeatLabel} ${node.question.position}`,
    });
    return;
  }
  for (const child of node.children) {
    if (child.question.kind === 'instance') child.repeatLabel = titleOf(node);
    instancesOf(child, context, page);
  }
}

function cut(nodes, context) {
  const own = (title) => [context.instance && context.title, title].filter(Boolean).join(' · ');
  let run = [];

  // An instance that is light is one page.
  if (context.instance && nodes.reduce((sum, node) => sum + (node.weight || 1), 0) <= PAGE_WEIGHT) {
    add(context, nodes[0]?.id ?? context.instance, context.title, nodes);
    return;
  }
  const flush = () => {
    if (run.length > 0) add(context, run[0].id, own(''), run);
    run = [];
  };
  for (const node of nodes) {
    const { kind } = node.question;
    const cuttable = kind === 'group' && node.weight > PAGE_WEIGHT &&
      node.children.some((child) => isContainer(child.question.kind));

    if (cuttable) {
      flush();
      cut(node.children, { ...context, title: own(titleOf(node)), instance: context.instance });
    } else if (kind === 'group') {
      flush();
      add(context, node.id, own(titleOf(node)), node.children);
      context.pages.find((one) => one.id === node.id).appearance = node.question.appearance;
    } else if (kind === 'repeat') {
      flush();
      add(context, node.id, own(titleOf(node)), [node]);
    } else {
      run.push(node);
    }
  }
  flush();
}

// The page on which a ref stands: that of the deepest container.
export function pageWith(pages, ref) {
  let found = null;
  const has = (nodes) => nodes.some((node) => node.question.ref === ref ||
    (node.question.kind !== 'instance' && has(node.children)));

  for (const page of pages) if (has(page.nodes)) found = page;
  return found;
}

export const isMissing = (question) => !isContainer(question.kind) && question.kind !== 'note' &&
  !question.read_only && (Boolean(question.error) || (question.required && !question.value));

// Questions of which that holds, each with its page.
function among(pages, holds) {
  const list = [];

  for (const page of pages) {
    const look = (node) => {
      if (node.question.kind === 'instance') return; // has pages of its own
      if (holds(node.question)) list.push({ question: node.question, page });
      node.children.forEach(look);
    };
    page.nodes.forEach(look);
  }
  return list;
}

// What still has to be done: [{question, page}].
export const missingOf = (pages) => among(pages, (question) => isMissing(question) ||
  (question.kind === 'repeat' && Boolean(question.error)));

// What should be looked at again; it hinders nothing.
export const doubtsOf = (pages) => among(pages, (question) =>
  Boolean(question.warning || question.soft || question.conflict));

// Where one stopped: the page of the last answer in the order of the form.
export function pageToResume(pages) {
  let found = pages[0];

  for (const page of pages) {
    const answered = (node) => node.question.kind !== 'instance' &&
      ((node.question.value && !node.question.read_only) || node.children.some(answered));
    if (!page.instance && page.nodes.some(answered)) found = page;
  }
  return found;
}
