// ---- locks and leases ----

const locksEvery = 5000;          // milliseconds between two looks, while the page is seen

async function drawLocks() {
  if (!isConnected() || document.hidden) return;
  try {
    const { locks, more } = await (await call('GET', '/v1/locks')).json();
    $('locks').replaceChildren(...locks.map(lockRow));
    $('locks').parentElement.hidden = locks.length === 0;
    $('locks-none').hidden = locks.length > 0;
    text($('locks-note'), more ? `the first ${number(locks.length)}` : '');
  } catch (error) {
    text($('locks-note'), `not known now: ${error.message}`);
  }
}

function lockRow({ name, holder, token, askedAt, waiting, lease }) {
  const cell = (...content) => make('td', { role: 'cell' }, ...content);
  const left = lease ? `${ago(lease.remainingMs)} of ${ago(lease.timeToLiveMs)} left` : 'ended';
  return make('tr', { role: 'row' }, make('td', { class: 'who', role: 'cell' }, make('b', {}, name), make('small', {}, `token ${token}`)), cell(holder || 'not known'),
    cell(make('time', { datetime: askedAt, title: new Date(askedAt).toLocaleString() }, `${ago(Math.max(0, status.at - Date.parse(askedAt)))} ago`)),
    cell(waiting === 0 ? 'none waits' : `${number(waiting)} wait`), make('td', { class: 'who', role: 'cell' }, left, make('small', {}, lease ? `lease ${lease.id}` : '')));
}

// ---- what the user of the page may do ----

let rights = { read: false, write: false, admin: false, internal: [] };

async function begin() {
  if (document.documentElement.dataset.access !== 'open') return;
  wireEntry();
  wireCluster();
  try {
    rights = await (await call('GET', '/rights')).json();
  } catch (error) {
    complain(error.message);
  }
  for (const name of ['read', 'write', 'admin'])
    document.documentElement.dataset[name] = rights[name] ? 'yes' : 'no';
  if (!rights.read) return;
  wireTree();
  known.then(drawLocks);
  setInterval(drawLocks, locksEvery);
}

begin();
connect();
setInterval(drawConnection, 1000);
