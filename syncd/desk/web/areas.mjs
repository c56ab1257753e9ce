// areas.mjs: the areas that one may see, as a tree with counts; asked for once, and again when
// somebody refreshes. Counts of a township are those of all its villages.
import { html, useEffect, useRef, useState } from 'kit/html.mjs';
import { Failure, Icon } from 'kit/components.mjs';
import { get } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';

const KEPT_MS = 60000;
const COUNTS = ['records', 'conflicts', 'sealed', 'approved', 'returned'];
let kept = null; // {at, nodes, roots}

export function forgetAreas() {
  kept = null;
}

// "430626117205" lies in "430626117000", that in "430626000000", "430600000000", "430000000000".
const LEVELS = [12, 9, 6, 4, 2];

export function parentOf(area) {
  const own = LEVELS.findIndex((digits, i) => area.slice(LEVELS[i + 1] ?? 0, digits).match(/[1-9]/));
  const above = LEVELS[own + 1];

  return own >= 0 && above ? area.slice(0, above).padEnd(12, '0') : null;
}

export function treeOf(items) {
  const nodes = new Map();
  const roots = [];

  for (const item of items) nodes.set(item.area, { ...item, own: item, children: [] });
  // A township without a name and without a household of its own still holds its villages; above
  // the areas that one was given there is nothing.
  for (const { area } of items) {
    const above = [];

    for (let up = parentOf(area); up; up = parentOf(up)) {
      if (nodes.has(up)) {
        for (const one of above)
          nodes.set(one, { area: one, name: '', own: {}, children: [] });
        break;
      }
      above.push(up);
    }
  }
  for (const node of nodes.values()) {
    let up = parentOf(node.area);

    while (up && !nodes.has(up)) up = parentOf(up);
    node.up = up;
    (up ? nodes.get(up).children : roots).push(node);
  }
  const sum = (node) => {
    node.children.sort((a, b) => (a.area < b.area ? -1 : 1));
    node.children.forEach(sum);
    for (const name of COUNTS)
      node[name] = (node.own[name] ?? 0) + node.children.reduce((n, one) => n + one[name], 0);
  };
  roots.sort((a, b) => (a.area < b.area ? -1 : 1));
  roots.forEach(sum);
  return { nodes, roots };
}

export function useAreas() {
  const [state, setState] = useState(kept);
  const [trouble, setTrouble] = useState(null);

  async function load() {
    try {
      kept = { at: Date.now(), ...treeOf((await get('api/areas')).items) };
      setState(kept);
      setTrouble(null);
    } catch (failure) {
      setTrouble(failure);
    }
  }
  useEffect(() => {
    if (!kept || Date.now() - kept.at > KEPT_MS) load();
  }, []);
  return { ...state, trouble, load };
}

export const nodeName = (node) => node.name || node.area.replace(/(000)+$/, '');

function Branch({ node, depth, open, setOpen, selected, onSelect, counts }) {
  const isOpen = open.has(node.area);

  return html`<li role="none"><div role="treeitem" class="tree-line"
      data-area=${node.area} aria-level=${depth + 1}
      aria-expanded=${node.children.length > 0 ? String(isOpen) : undefined}
      aria-selected=${String(selected === node.area)}
      tabindex=${selected === node.area || (!selected && depth === 0) ? 0 : -1}
      onClick=${() => onSelect(node.area)}>
      <span class="tree-arrow ${isOpen ? 'open' : ''}" onClick=${(event) => {
        if (node.children.length === 0) return;
        event.stopPropagation();
        setOpen(node.area, !isOpen);
      }}>${node.children.length > 0 && html`<${Icon} name=${isOpen ? 'down' : 'next'} />`}</span>
      <span class="grow">${nodeName(node)}</span>
      ${node.conflicts > 0 && html`<span class="tree-conflicts"><${Icon} name="conflict" />${
        node.conflicts}<span class="hidden">${tr('conflicts')}</span></span>`}
      ${counts && html`<span class="tree-count">${node.records}</span>`}</div>
    ${isOpen && node.children.length > 0 && html`<ul role="group" class="tree-branch">${
      node.children.map((child) => html`<${Branch} key=${child.area} node=${child}
        depth=${depth + 1} open=${open} setOpen=${setOpen} selected=${selected}
        onSelect=${onSelect} counts=${counts} />`)}</ul>`}</li>`;
}

// selected: a code, or '' for all. Up and down walk, right opens, left closes, Enter chooses.
export function AreaTree({ selected, onSelect, counts = true }) {
  const { nodes, roots, trouble, load } = useAreas();
  const [open, change] = useState(new Set());
  const root = useRef();

  useEffect(() => {
    if (!nodes) return;
    const now = new Set(open);

    roots.forEach((one) => now.add(one.area));
    for (let at = nodes.get(selected)?.up; at; at = nodes.get(at).up) now.add(at);
    change(now);
  }, [nodes, selected]);
  function setOpen(area, is) {
    const now = new Set(open);

    if (is) now.add(area);
    else now.delete(area);
    change(now);
  }
  function key(event) {
    const lines = [...root.current.querySelectorAll('[role=treeitem]')];
    const at = lines.indexOf(document.activeElement);
    const node = nodes.get(lines[at]?.dataset.area);

    if (!node) return;
    if (event.key === 'Enter' || event.key === ' ') onSelect(node.area);
    else if (event.key === 'ArrowDown') lines[at + 1]?.focus();
    else if (event.key === 'ArrowUp') lines[at - 1]?.focus();
    else if (event.key === 'Home') lines[0].focus();
    else if (event.key === 'End') lines.at(-1).focus();
    else if (event.key === 'ArrowRight' && node.children.length > 0)
      if (open.has(node.area)) lines[at + 1]?.focus();
      else setOpen(node.area, true);
    else if (event.key === 'ArrowLeft')
      if (open.has(node.area) && node.children.length > 0) setOpen(node.area, false);
      else lines.find((one) => one.dataset.area === node.up)?.focus();
    else return;
    event.preventDefault();
  }

  return html`<${Failure} trouble=${trouble} onAgain=${load} />
    ${roots && html`<ul role="tree" class="tree" aria-label=${tr('Areas')} ref=${root}
      onKeyDown=${key}>${roots.map((node) => html`<${Branch} key=${node.area} node=${node}
      depth=${0} open=${open} setOpen=${setOpen} selected=${selected} onSelect=${onSelect}
      counts=${counts} />`)}</ul>`}`;
}
