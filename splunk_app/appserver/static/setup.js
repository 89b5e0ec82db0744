// The setup page: shows the settings that the app's handler tells and sends it what is changed. A secret is written and
// never read: the handler says only whether there is one. Texts go into the page as text, never as HTML.
(() => {
    'use strict';

    const LONGEST_WAIT = 45_000; // ms; a test asks a provider, which may take 20 s
    const TLP = ['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'];

    // Stanza → its title, and its settings: name, label, what it means, and words to choose from or `secret`.
    const SECTIONS = [
        ['settings', 'Judging', [
            ['default_mode', 'Default mode', 'What | ipthreat does when a search does not say', ['offline', 'cached', 'live']],
            ['policy', 'Policy', 'standard: selected addresses; bulk: raw traffic', ['standard', 'bulk']],
            ['allowlist', 'Allow-list', 'Name of a lookup with addresses or prefixes that are held at Monitor'],
            ['own_networks', 'Own networks', 'Beside the private ones, separated by commas'],
        ]],
        ['live', 'Live look-ups', [
            ['providers', 'Default providers', 'Separated by commas; empty: all that have a key'],
            ['budget', 'Budget of a search', 'New addresses it asks about, unless it says otherwise'],
            ['timeout', 'Timeout', 'Seconds a search waits for providers'],
            ['search_most', 'Most per search', 'New addresses, whatever its budget'],
            ['user_day', 'Most per user and day', 'New addresses'],
            ['reserve', 'Reserve for alerts', 'Share of each quota, 0 to below 1'],
            ['members', 'Cluster members', 'Search heads that share the keys'],
            ['tlp', 'Label of your data', 'Providers with a lower ceiling are not asked', TLP],
            ['proxy', 'Proxy', 'http://user:password@host:port. A change deletes every key', 'secret'],
            ['ca_bundle', 'CA bundle', 'Path of a PEM file on the search head. A change deletes every key'],
            ['plain_hosts', 'Hosts over http', 'Hosts of yours that may be asked without TLS'],
        ]],
        ['feeds', 'Feeds', [
            ['names', 'Lists to download', 'Separated by commas; empty: those that are on by default'],
            ['mirror', 'Mirror', 'Where they are fetched from instead of their publishers'],
        ]],
        ['delivery', 'Delivery of reports', [
            ['indexes', 'Indexes', 'Indexes that alerts may write into, separated by commas'],
            ['private_hosts', 'Private hosts', 'Hosts of destinations that may have a private address'],
            ['retries', 'Retries', 'How often a delivery is tried again'],
        ]],
    ];

    // --- the handler ------------------------------------------------------------------------------

    const web = location.pathname.split('/app/')[0]; // /en-US, or below a root endpoint

    function formKey() {
        const cookies = document.cookie.split(/;\s*/).filter((pair) => /^splunkweb_csrf_token_\d+=/.test(pair));
        const own = cookies.find((pair) => pair.startsWith(`splunkweb_csrf_token_${location.port}=`));
        return decodeURIComponent((own ?? cookies[0] ?? '=').split('=')[1]);
    }

    // One call; an Error with a sentence for the reader when it did not come off.
    async function call(method, path, body, type = 'application/json') {
        const headers = { 'X-Splunk-Form-Key': formKey(), 'X-Requested-With': 'XMLHttpRequest', Accept: 'application/json' };
        if (body !== undefined) headers['Content-Type'] = type;
        let answer;
        try {
            answer = await fetch(`${web}/splunkd/__raw/${path}`, {
                method, headers, body, credentials: 'same-origin', signal: AbortSignal.timeout(LONGEST_WAIT),
            });
        } catch (error) {
            throw new Error(error.name === 'TimeoutError' ? 'Splunk did not answer in time.' : 'Splunk cannot be reached.');
        }
        const told = await answer.json().catch(() => null);
        if (answer.ok && told) return told;
        throw new Error(told?.error ?? told?.messages?.[0]?.text ?? refusal(answer.status));
    }

    function refusal(status) {
        if (status === 401) return 'Your session has ended: log in again.';
        if (status === 403) return 'This needs the capability ipthreat_admin: ask your Splunk administrator.';
        return `The app's handler does not answer (HTTP ${status}): see splunkd.log and ipthreat.log, or restart Splunk.`;
    }

    const handler = (name) => `servicesNS/nobody/ipthreat/ipthreat/${name}`;
    const read = (name) => call('GET', `${handler(name)}?output_mode=json`);
    const send = (name, payload) => call('POST', handler(name), JSON.stringify(payload));

    // Splunk asks for the setup page no more. Whoever may not say so has saved the settings all the same.
    const configured = () => call('POST', 'services/apps/local/ipthreat?output_mode=json', 'configured=true', 'application/x-www-form-urlencoded').catch(() => null);

    // --- parts of the page ------------------------------------------------------------------------

    function make(tag, properties = {}, ...children) {
        const element = Object.assign(document.createElement(tag), properties);
        element.append(...children);
        return element;
    }

    function field(name, label, meaning, value, choices, id) {
        const secret = choices === 'secret';
        const input = Array.isArray(choices) ? chooser(choices, value) : make('input', { type: secret ? 'password' : 'text', value: secret ? '' : value });
        if (secret) Object.assign(input, { autocomplete: 'new-password', placeholder: value ? `stored (${value}): enter to replace` : 'none' });
        Object.assign(input, { id: `ipthreat-${id}-${name}`, name, spellcheck: false });
        Object.assign(input.dataset, { before: secret ? '' : value, secret: secret ? 'yes' : '' });
        return make('div', { className: 'ipthreat-field' }, make('label', { htmlFor: input.id, textContent: label }), input, make('small', { textContent: meaning }));
    }

    function chooser(choices, value) {
        const words = ['', ...new Set([...choices, ...(value ? [value] : [])])];
        const chosen = make('select', {}, ...words.map((word) => make('option', { value: word, textContent: word || '(default)' })));
        chosen.value = value;
        return chosen;
    }

    function button(text, act, className = '') {
        return make('button', { type: 'button', textContent: text, className: `btn ${className}`, onclick: act });
    }

    // A form with a line below that says what became of the last action; its buttons rest meanwhile.
    function form(id, fields, actions) {
        const line = make('p', { className: 'ipthreat-said', role: 'status' });
        const element = make('form', { id: `ipthreat-form-${id}`, className: 'ipthreat-form', autocomplete: 'off', onsubmit: (event) => event.preventDefault() });
        const act = (action) => async () => {
            const buttons = [...element.querySelectorAll('button')];
            buttons.forEach((item) => { item.disabled = true; });
            say(line, 'Working…', '');
            try {
                const said = await action(element);
                say(line, said.text, said.good === false ? 'bad' : 'good');
            } catch (error) {
                say(line, error.message, 'bad');
            }
            buttons.forEach((item) => { item.disabled = false; });
        };
        const buttons = actions.map(([text, action, className]) => button(text, act(action), className));
        element.append(...fields, make('div', { className: 'ipthreat-buttons' }, ...buttons), line);
        return element;
    }

    function say(line, text, kind) {
        line.textContent = text;
        line.dataset.kind = kind;
    }

    // What differs from what was shown, and the secrets that were entered. Nothing else is sent: a base URL that is sent
    // counts as changed and costs its key.
    function changes(element) {
        const inputs = [...element.querySelectorAll('input[name], select[name]')];
        const text = (input) => input.value.trim();
        const pick = (secret) => Object.fromEntries(inputs
            .filter((input) => Boolean(input.dataset.secret) === secret && text(input) !== input.dataset.before)
            .map((input) => [input.name, text(input)]));
        return { values: pick(false), secrets: pick(true) };
    }

    async function save(element, stanza) {
        const { values, secrets } = changes(element);
        const changed = { ...(Object.keys(values).length && { values }), ...(Object.keys(secrets).length && { secrets }) };
        if (!Object.keys(changed).length) return { text: 'Nothing was changed.' };
        const { done } = await send('settings', { stanza, ...changed });
        for (const input of element.querySelectorAll('input[name], select[name]')) {
            if (input.dataset.secret) input.value = ''; // no secret stays in the page
            else input.dataset.before = input.value.trim();
        }
        await configured();
        return { text: `${done.join('; ')}.` };
    }

    // --- sections ---------------------------------------------------------------------------------

    function shared([stanza, title, fields], told) {
        const shown = fields.map(([name, label, meaning, choices]) => {
            const value = name === 'proxy' ? told.proxy ?? '' : told[stanza]?.[name] ?? '';
            return field(name, label, meaning, String(value), choices, stanza);
        });
        const actions = [['Save', async (element) => refreshed(await save(element, stanza), element), 'btn-primary']];
        if (stanza === 'live') actions.push(['Delete the proxy', async (element) => refreshed(await forget('live'), element)]);
        return make('section', {}, make('h2', { textContent: title }), form(stanza, shown, actions));
    }

    async function forget(stanza) {
        const { done } = await send('settings', { stanza, forget: true });
        return { text: `${done.join('; ')}.` };
    }

    function provider(item, standing) {
        const stanza = `provider:${item.name}`;
        const values = item.values ?? {};
        const fields = [
            ...(item.needs.includes('key') ? [field('key', 'Key', 'Kept by Splunk, never shown again', item.has_key ? 'a key' : '', 'secret', item.name)] : []),
            field('base_url', 'Base URL', 'Only for a service of your own. A change deletes the key', values.base_url ?? '', null, item.name),
            field('quota_day', 'Requests a day', 'If your plan differs from the documented one', values.quota_day ?? '', null, item.name),
            field('enabled', 'Asked', 'false switches it off', values.enabled ?? '', ['true', 'false'], item.name),
        ];
        const state = make('span', { className: 'ipthreat-state', textContent: standingOf(item, standing) });
        const actions = [
            ['Save', async (element) => refreshed(await save(element, stanza), element), 'btn-primary'],
            ['Test', () => tested(item)],
            ...(item.needs.includes('key') ? [['Delete the key', async (element) => refreshed(await forget(stanza), element)]] : []),
        ];
        const head = make('summary', {}, make('strong', { textContent: item.title || item.name }), state);
        return make('details', { open: Boolean(item.has_key) }, head, form(item.name, fields, actions));
    }

    async function tested(item) {
        const told = await send('test', { provider: item.name });
        const left = leftOf(told.left);
        const words = told.ok ? `${item.title} answers` : `${item.title}: ${told.status.replaceAll('_', ' ')}`;
        return { text: `${words}${told.reason ? `, ${told.reason}` : ''}${left ? `; ${left}` : ''}.`, good: told.ok };
    }

    function standingOf(item, standing) {
        const lacking = item.needs.includes('key') && !item.has_key ? 'no key' : item.needs.includes('key') ? 'key stored' : 'needs no key';
        return [standing?.problem || lacking, leftOf(standing?.left)].filter(Boolean).join(' · ');
    }

    function leftOf(left) {
        return Object.entries(left ?? {}).map(([period, number]) => `${number} requests left this ${period}`).join(', ');
    }

    function destination(item, kinds) {
        const stanza = `destination:${item.name}`;
        const fields = [
            field('kind', 'Kind', 'What it understands', item.kind ?? '', kinds, `destination-${item.name}`),
            field('url', 'URL', 'https only; kept as a secret', item.has_url ? 'a URL' : '', 'secret', `destination-${item.name}`),
            field('allow_private', 'Private address', 'true allows an address inside your network', item.allow_private ?? '', ['false', 'true'], `destination-${item.name}`),
        ];
        const actions = [
            ['Save', async (element) => refreshed(await save(element, stanza), element), 'btn-primary'],
            ['Delete', async (element) => refreshed(await forget(stanza), element)],
        ];
        return make('details', { open: true }, make('summary', {}, make('strong', { textContent: item.name })), form(`destination-${item.name}`, fields, actions));
    }

    function newDestination(kinds) {
        const named = field('destination', 'Name', 'Small letters, digits and _; an alert chooses it by this name', '', null, 'new');
        const fields = [named, field('kind', 'Kind', 'What it understands', '', kinds, 'new'), field('url', 'URL', 'https only; kept as a secret', '', 'secret', 'new')];
        return form('new-destination', fields, [['Add', async (element) => {
            const name = named.querySelector('input').value.trim();
            if (!/^[a-z][a-z0-9_]{0,39}$/.test(name)) return { text: 'A name begins with a small letter and has small letters, digits and _ only.', good: false };
            const { values: { destination: _, ...values }, secrets } = changes(element);
            const { done } = await send('settings', { stanza: `destination:${name}`, values, secrets });
            return refreshed({ text: `${done.join('; ')}.` }, element);
        }]]);
    }

    // --- the page ---------------------------------------------------------------------------------

    const page = document.getElementById('ipthreat-setup');
    const news = make('p', { className: 'ipthreat-said', role: 'status', id: 'ipthreat-news' });

    // Shows the page anew after a change, with what was said in the form that was changed, or above all when it is gone.
    // What was entered in other forms stays.
    async function refreshed(said, changed) {
        const open = new Set([...page.querySelectorAll('details[open] form')].map((element) => element.id));
        const inputs = [...page.querySelectorAll('input[name], select[name]')].filter((input) => !changed.contains(input));
        const entered = inputs.filter((input) => input.value.trim() !== input.dataset.before);
        await show();
        for (const element of page.querySelectorAll('details form')) element.parentElement.open ||= open.has(element.id);
        for (const { id, value } of entered) Object.assign(document.getElementById(id) ?? {}, { value });
        const line = document.getElementById(changed.id)?.querySelector('.ipthreat-said') ?? news;
        say(line, said.text, said.good === false ? 'bad' : 'good');
        return said;
    }

    async function show() {
        const [told, status] = await Promise.all([read('settings'), read('status').catch(() => ({ providers: [] }))]);
        const standing = new Map((status.providers ?? []).map((row) => [row.provider, row]));
        const providers = told.providers.map((item) => provider(item, standing.get(item.name)));
        const destinations = told.destinations.map((item) => destination(item, told.kinds));
        page.replaceChildren(
            news,
            make('section', {}, make('h2', { textContent: 'Providers' }), make('p', { textContent: 'Without any, ipthreat judges by what it carries and by your own events. Keys add live sources.' }), ...providers),
            ...SECTIONS.map((section) => shared(section, told)),
            make('section', {}, make('h2', { textContent: 'Destinations of reports' }), make('p', { textContent: 'Alerts choose a destination by its name and never see its URL.' }), ...destinations, newDestination(told.kinds)),
        );
    }

    async function begin() {
        page.replaceChildren(make('p', { textContent: 'Asking for the settings…' }));
        try {
            await show();
        } catch (error) {
            page.replaceChildren(make('p', { className: 'ipthreat-said', role: 'alert', textContent: error.message }), button('Try again', begin));
            page.firstChild.dataset.kind = 'bad';
        }
    }

    begin();
})();
