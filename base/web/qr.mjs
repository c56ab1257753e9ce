// qr.mjs: a QR code, drawn: dark on white whatever the page looks like.
import { html } from 'kit/html.mjs';

export function Code({ qr, label }) {
  return html`<svg class="qr" role="img" aria-label=${label} viewBox="0 0 ${qr.size} ${qr.size}"
    shape-rendering="crispEdges"><rect width=${qr.size} height=${qr.size} fill="#ffffff" />
    <path d=${qr.path} fill="#000000" /></svg>`;
}
