import type { DataReport } from '../../data/inspect/report.js';
import { decodedText, valuesText } from './inspected.js';
import { count, size } from './units.js';

const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

const SHOWN_CLASSES = 200;
const SHOWN_COLUMNS = 300;

/** One page that asks for nothing from anywhere: styles inside, images as data; whatever a cell holds is shown, not obeyed. */
export function inspectedHtml(report: DataReport): string {
  const { source, rows, files, bytes, roles, badRows, duplicates, columns, classes, examples, thumbnails, problems } =
    report;
  const tiles: [string, string][] = [
    ['rows', count(rows)],
    ['cannot be read', count(badRows.count)],
    ['columns', count(columns.length)],
    ...(classes === null ? [] : [['classes', count(classes.length)] as [string, string]]),
    ['seen before', count(duplicates.exact)],
    ...(duplicates.nearOf > 0 ? [['nearly the same', count(duplicates.near)] as [string, string]] : []),
    ['size', `${size(bytes)}${files > 1 ? ` in ${count(files)} files` : ''}`],
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escaped(source)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(source)}</h1>
<p class="sub">Looks like <b>${roles.task}</b>${roleText(report)}.</p>
${report.images === null ? '' : `<p class="sub">Images: ${decodedText(report.images)}.</p>`}
<div class="tiles">${tiles.map(([name, value]) => `<div><b>${escaped(value)}</b><span>${escaped(name)}</span></div>`).join('')}</div>
<h2>What looks wrong</h2>
${problems.length === 0 ? '<p>Nothing.</p>' : `<ul>${problems.map(({ column, message }) => `<li>${column === null ? '' : `<code>${escaped(column)}</code>: `}${escaped(message)}</li>`).join('')}</ul>`}
${badRows.count === 0 ? '' : `<h2>Cannot be read</h2><ul>${badRows.first.map((one) => `<li><code>${escaped(one)}</code></li>`).join('')}</ul>`}
${classes === null ? '' : `<h2>Classes</h2>${classBars(classes, rows)}`}
${thumbnails.length === 0 ? '' : `<h2>Images</h2><div class="thumbs">${thumbnails.map(({ place, label, jpeg }) => `<figure><img src="data:image/jpeg;base64,${jpeg}" alt="${escaped(place)}" title="${escaped(place)}"><figcaption>${escaped(label)}</figcaption></figure>`).join('')}</div>`}
<h2>Columns</h2>
<table><thead><tr><th>Column</th><th>Type</th><th class="n">Missing</th><th class="n">Different</th><th>Values</th></tr></thead><tbody>
${columns
  .slice(0, SHOWN_COLUMNS)
  .map(
    (column) =>
      `<tr><td><code>${escaped(column.name)}</code></td><td>${column.type}</td><td class="n">${column.missing === 0 ? '' : count(column.missing)}</td><td class="n">${column.atLeast ? '&gt;' : ''}${count(column.distinct)}</td><td>${escaped(valuesText(column))}</td></tr>`,
  )
  .join('\n')}
</tbody></table>
${columns.length > SHOWN_COLUMNS ? `<p>and ${count(columns.length - SHOWN_COLUMNS)} more</p>` : ''}
<h2>Examples</h2>
<table><tbody>${examples.map(({ place, label, text }) => `<tr><td class="place">${escaped(place)}</td><td>${label === null ? '' : escaped(label)}</td><td>${escaped(text)}</td></tr>`).join('\n')}</tbody></table>
<h2>A job for it</h2>
<pre>${escaped(report.job)}</pre>
</body>
</html>
`;
}

function roleText({ roles }: DataReport): string {
  const named = [
    ['text', roles.text],
    ['words', roles.words],
    ['image', roles.image],
    ['label', roles.label],
    ['split', roles.split],
  ].flatMap(([name, column]) => (column === null ? [] : [`${name} <code>${escaped(column!)}</code>`]));
  return named.length === 0 ? '' : `: ${named.join(', ')}`;
}

function classBars(classes: NonNullable<DataReport['classes']>, rows: number): string {
  const most = classes[0]?.rows ?? 1;
  const bars = classes
    .slice(0, SHOWN_CLASSES)
    .map(
      (one) =>
        `<tr><td>${escaped(one.name === '' ? '(empty)' : one.name)}</td><td class="n">${count(one.rows)}</td><td class="n">${((100 * one.rows) / rows).toFixed(1)} %</td><td class="bar"><i style="width:${((100 * one.rows) / most).toFixed(1)}%"></i></td></tr>`,
    );
  const more = classes.length > SHOWN_CLASSES ? `<p>and ${count(classes.length - SHOWN_CLASSES)} more</p>` : '';
  return `<table class="classes"><tbody>${bars.join('\n')}</tbody></table>${more}`;
}

const style = `
:root{color-scheme:light dark;--ink:#1f2328;--soft:#636c76;--line:#d8dee4;--back:#fff;--fill:#f6f8fa;--bar:#4c78a8}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--back:#0d1117;--fill:#151b23;--bar:#6ea2d8}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);max-width:70rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line);padding-bottom:.3rem}
.sub{color:var(--soft);margin:.2rem 0 1rem}code,pre{font-family:ui-monospace,monospace;font-size:.9em}
pre{background:var(--fill);border:1px solid var(--line);border-radius:6px;padding:1rem;overflow:auto}
.tiles{display:flex;flex-wrap:wrap;gap:.7rem}.tiles div{background:var(--fill);border:1px solid var(--line);border-radius:6px;padding:.5rem .9rem}
.tiles b{display:block;font-size:1.2rem}.tiles span{color:var(--soft);font-size:.85rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600}.n{text-align:right;white-space:nowrap}.place{color:var(--soft);white-space:nowrap;font-size:.85em}
.classes .bar{width:50%}.bar i{display:block;height:.9em;margin-top:.3em;background:var(--bar);border-radius:2px}
.thumbs{display:flex;flex-wrap:wrap;gap:.8rem}figure{margin:0;width:96px}figure img{max-width:96px;max-height:96px;display:block}figcaption{font-size:.8rem;color:var(--soft)}
`;
