import { createElement } from 'lwc';
import manage from '@salesforce/apex/FairleadController.manage';
import memberships from '@salesforce/apex/FairleadController.memberships';
import ListMemberships from 'c/listMemberships';

jest.mock('@salesforce/apex/FairleadController.manage', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/FairleadController.memberships', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/customPermission/Manage_Memberships', () => ({ default: true }), { virtual: true });

const RECORD = '003000000000001AAA';
const NEWS = { list_id: 'n', list: 'News', client: 'Shop', managed: true, state: 'Active', mailed: true, since: '2026-05-01' };
const LEFT = { ...NEWS, list_id: 'l', list: 'Left', state: 'Unsubscribed', mailed: false };
const ASLEEP = { ...NEWS, list_id: 'a', list: 'Asleep', managed: false };
const TOLD = {
    memberships: [NEWS, LEFT, ASLEEP],
    suppressed: [],
    other_lists: [{ list_id: 'o', list: 'Offers', client: 'Shop' }],
    problems: []
};
const WILL = { list_id: 'n', list: 'News', will: 'Will be unsubscribed.', message: '', done: false };
const REFUSED = { list_id: 'o', list: 'Offers', will: '', message: 'The person has opted out.', code: 'FL-620', done: false };

const settled = () => new Promise(process.nextTick);
const gives = (document) => async () => JSON.stringify({ ok: true, ...document });

async function shown(person = TOLD) {
    memberships.mockImplementation(gives({ people: [person] }));
    const element = createElement('c-list-memberships', { is: ListMemberships });
    element.recordId = RECORD;
    document.body.appendChild(element);
    await settled();
    const root = element.shadowRoot;
    const press = async (name) => {
        [...root.querySelectorAll('lightning-button')].find((each) => each.label === name).click();
        await settled();
    };
    return { root, press };
}

describe('c-list-memberships', () => {
    afterEach(() => {
        while (document.body.firstChild) {
            document.body.removeChild(document.body.firstChild);
        }
        jest.clearAllMocks();
    });

    it('shows lists with their states', async () => {
        const { root } = await shown();
        expect(memberships).toHaveBeenCalledWith({ recordId: RECORD, emailField: 'Email' });
        expect(root.querySelectorAll('.lists li')).toHaveLength(3);
        expect(root.querySelector('.lists').textContent).toContain('Unsubscribed');
    });

    it('lets choose lists that mail to the person and whose client is synced', async () => {
        const { root } = await shown();
        expect([...root.querySelectorAll('input')].map((box) => box.getAttribute('aria-label'))).toEqual(['Choose News']);
        expect(root.querySelector('lightning-dual-listbox').options).toEqual([{ label: 'Offers (Shop)', value: 'o' }]);
    });

    it('shows what will happen before anything does', async () => {
        const { root, press } = await shown();
        const box = root.querySelector('input');
        box.checked = true;
        box.dispatchEvent(new CustomEvent('change'));
        manage.mockImplementation(gives({ lists: [WILL] }));
        await press('Unsubscribe from chosen lists');
        const call = { recordId: RECORD, emailField: 'Email', act: 'unsubscribe', listIds: ['n'], dryRun: true };
        expect(manage).toHaveBeenLastCalledWith(call);
        expect(root.querySelector('.steps').textContent).toContain('Will be unsubscribed.');
        manage.mockImplementation(gives({ lists: [{ ...WILL, done: true }] }));
        await press('Unsubscribe from lists');
        expect(manage).toHaveBeenLastCalledWith({ ...call, dryRun: false });
        expect(root.querySelector('.steps').textContent).toContain('Done.');
        expect(root.querySelector('.go')).toBeNull();
        await press('Back');
        expect(memberships).toHaveBeenCalledTimes(2);
        expect(root.querySelectorAll('.lists li')).toHaveLength(3);
    });

    it('offers no way on where everything is refused', async () => {
        const { root, press } = await shown();
        root.querySelector('lightning-dual-listbox').dispatchEvent(new CustomEvent('change', { detail: { value: ['o'] } }));
        manage.mockImplementation(gives({ lists: [REFUSED] }));
        await press('Add to chosen lists');
        expect(manage).toHaveBeenLastCalledWith(expect.objectContaining({ act: 'add', listIds: ['o'], dryRun: true }));
        expect(root.querySelector('.steps').textContent).toContain('The person has opted out.');
        expect(root.querySelector('.go')).toBeNull();
    });

    it('unsubscribes from all lists without any being chosen', async () => {
        const { root, press } = await shown();
        const box = root.querySelector('input');
        box.checked = true;
        box.dispatchEvent(new CustomEvent('change'));
        box.checked = false;
        box.dispatchEvent(new CustomEvent('change'));
        manage.mockImplementation(gives({ lists: [WILL, { ...WILL, list_id: 'x', will: '' }] }));
        await press('Unsubscribe from all lists');
        expect(manage).toHaveBeenLastCalledWith(expect.objectContaining({ act: 'unsubscribe_all', listIds: [] }));
        expect(root.querySelector('.steps').textContent).toContain('Nothing to do.');
    });

    it('tells a refusal, an account that is down, and a person on no list', async () => {
        const { root, press } = await shown();
        manage.mockImplementation(() => Promise.reject({ body: { message: 'No list was chosen.' } }));
        await press('Remove from chosen lists');
        expect(root.querySelector('[role="alert"]').textContent).toContain('No list was chosen.');
        manage.mockImplementation(async () => 'no JSON');
        await press('Remove from chosen lists');
        expect(root.querySelector('[role="alert"]').textContent).toContain('no answer that can be read');
        const down = { code: 'FL-111', text: 'Campaign Monitor does not answer.', next_step: '' };
        const second = await shown({ ...TOLD, memberships: [], other_lists: [], problems: [down] });
        expect(second.root.textContent).toContain('Campaign Monitor does not answer.');
        expect(second.root.querySelector('.acts')).toBeNull();
        const third = await shown({ ...TOLD, memberships: [], suppressed: [{ client: 'Shop', reason: 'Bounced' }] });
        expect(third.root.querySelector('.empty').textContent).toContain('On no list.');
        expect(third.root.querySelector('.suppressed').textContent).toContain('Shop: Bounced');
    });
});
