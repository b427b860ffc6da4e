// ---- charts, the log and elections ----

function drawChart() {
  const [width, height] = [600, 200];
  const most = niceTop(Math.max(10, ...samples.map(s => s.rate)));
  const now = status.at;
  const points = samples.map(s => `${(width * (1 - (now - s.at) / span)).toFixed(1)} ${(height * (1 - s.rate / most)).toFixed(1)}`);
  const lines = [0, .5, 1].map(y => make('line', { x1: 0, x2: width, y1: height * y, y2: height * y }));
  const parts = [...lines];
  if (points.length > 1) {
    const [start, end] = [points[0].split(' ')[0], points.at(-1).split(' ')[0]];
    parts.push(make('path', { class: 'area', d: `M${start} ${height}L${points.join('L')}L${end} ${height}Z` }), make('path', { class: 'curve', d: `M${points.join('L')}` }));
  }
  $('chart').replaceChildren(...parts);
  const rates = samples.map(s => s.rate);
  const mean = rates.length ? rates.reduce((a, b) => a + b, 0) / rates.length : 0;
  text($('chart-text'), rates.length < 2 ? 'Collecting the first samples.'
    : `The top line is ${number(most)}/s. Now ${number(Math.round(rates.at(-1)))}/s, on average ${number(Math.round(mean))}/s, at most ${number(Math.round(Math.max(...rates)))}/s.`);
}

// A line for each run of seconds with writes: without writes there is no latency.
function drawLatency() {
  const [width, height] = [600, 200];
  const known = samples.filter(s => s.ms);
  const most = niceTop(Math.max(1, ...known.map(s => s.ms.longest)));
  const parts = [0, .5, 1].map(y => make('line', { x1: 0, x2: width, y1: height * y, y2: height * y }));
  for (const [figure, kind] of [['longest', 'curve worst'], ['median', 'curve']]) {
    let path = '', open = false;
    for (const s of samples) {
      if (s.ms) {
        const x = width * (1 - (status.at - s.at) / span), y = height * (1 - s.ms[figure] / most);
        path += open ? `L${x.toFixed(1)} ${y.toFixed(1)}` : `M${x.toFixed(1)} ${y.toFixed(1)}h2`;
      }
      open = s.ms !== null;
    }
    if (path) parts.push(make('path', { class: kind, d: path }));
  }
  $('latency').replaceChildren(...parts);
  const last = known.at(-1)?.ms;
  text($('latency-text'), last ? `The top line is ${number(most)} ms. Last: median ${number(last.median)} ms (teal), longest ${number(last.longest)} ms (gold); at most ${number(Math.max(...known.map(s => s.ms.longest)))} ms.`
    : 'No write was made on this node in the last two minutes.');
}

function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map(step => step * power).find(top => top >= value);
}

function drawLog() {
  const { first, snapshot, applied, commit, durable, last } = status.log;
  const from = Math.max(1, last - shown + 1);
  const cells = $('cells');
  while (cells.children.length < shown)
    cells.append(make('i'));
  for (let i = 0; i < shown; i++) {
    const index = from + i;
    const state = index > last || index < first ? '' : index <= applied ? 'applied' : index <= commit ? 'commit' : index <= durable ? 'durable' : 'last';
    if (cells.children[i].className !== state)
      cells.children[i].className = state;
  }
  drawTracks(status.log);
  const figures = { First: first, Snapshot: snapshot || 'none', Applied: applied, Committed: commit, Last: last };
  const log = $('log');
  if (log.children.length === 0)
    log.append(...Object.keys(figures).map(name => make('div', {}, make('dt', {}, name), make('dd'))));
  Object.values(figures).forEach((value, i) => text(log.children[i].lastChild, typeof value === 'number' ? number(value) : value));
}

const tracks = new Map();

// What is behind a snapshot is pale, the snapshot gold; of other members the leader knows only how far they are.
function drawTracks({ first, snapshot, commit, last }) {
  const x = index => last === 0 ? 0 : 600 * Math.min(Math.max(0, index), last) / last;
  const bar = (kind, from, to) => make('rect', { class: kind, x: x(from), width: Math.max(0, x(to) - x(from)), height: 16 });
  for (const id of tracks.keys()) {
    if (!status.members.some(m => m.nodeId === id)) {
      tracks.get(id).line.remove();
      tracks.delete(id);
    }
  }
  for (const member of status.members) {
    if (!tracks.has(member.nodeId)) {
      const row = { picture: make('svg', { class: 'whole', viewBox: '0 0 600 16', preserveAspectRatio: 'none', 'aria-hidden': 'true' }), said: make('span') };
      row.line = make('li', {}, make('b', {}, member.nodeId), row.picture, row.said);
      tracks.set(member.nodeId, row);
      $('tracks').append(row.line);
    }
    const { picture, said } = tracks.get(member.nodeId);
    const own = member.nodeId === status.nodeId;
    const end = own ? last : member.match ?? null;
    const parts = end === null ? [] : own ? [bar('gone', 0, first - 1), bar('kept', first - 1, last)] : [bar('kept', 0, end)];
    if (own && snapshot > 0) parts.push(make('rect', { class: 'snap', x: Math.max(0, x(snapshot) - 2), width: 4, height: 16 }));
    if (own && commit < last) parts.push(make('rect', { class: 'mark-commit', x: x(commit) - 1, width: 2, height: 16 }));
    picture.replaceChildren(...parts);
    text(said, end === null ? 'not known' : own ? `${number(first)} to ${number(last)}` : `up to ${number(end)}`);
  }
}

let electionsDrawn = '';

function drawElections() {
  const list = $('elections');
  $('elections-none').hidden = status.elections.length > 0;
  const drawn = JSON.stringify(status.elections);
  if (drawn !== electionsDrawn) {
    electionsDrawn = drawn;
    list.replaceChildren(...status.elections.map(e => make('li', {},
      make('span', { class: 'term' }, `term ${number(e.term)}`),
      make('span', {}, make('span', { class: `pill ${e.leaderId ? 'leader' : 'bad'}` }, e.leaderId ? `${e.leaderId} leads` : 'no leader')),
      make('span', { class: 'cause' }, e.cause), make('time', { datetime: e.at, title: new Date(e.at).toLocaleString() }))));
  }
  for (const time of list.querySelectorAll('time'))
    text(time, `${ago(Math.max(0, status.at - Date.parse(time.dateTime)))} ago`);
}

