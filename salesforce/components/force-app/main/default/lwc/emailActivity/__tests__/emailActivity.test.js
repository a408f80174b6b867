import { createElement } from 'lwc';
import activity from '@salesforce/apex/FairleadController.activity';
import EmailActivity from 'c/emailActivity';

jest.mock('@salesforce/apex/FairleadController.activity', () => ({ default: jest.fn() }), { virtual: true });

const RECORD = '003000000000001AAA';
const TOLD = {
    counts: { sent: 3, opened: 2, clicked: 1, bounced: 0, unsubscribed: 0, 'spam complaint': 0 },
    open_rate: 67,
    click_rate: 33,
    months: [
        { month: '2026-04', opened: 0, clicked: 0, bounced: 0 },
        { month: '2026-05', opened: 2, clicked: 1, bounced: 0 }
    ],
    timeline: [
        { what: 'Opened', name: 'Spring', kind: 'Campaign', at: '2026-05-20T12:00:00+00:00', detail: '' },
        { what: 'Sent', name: 'Spring', kind: 'Campaign', at: '', detail: '' }
    ],
    problems: []
};
const EMPTY = { ...TOLD, timeline: [] };

const settled = () => new Promise(process.nextTick);

async function shown(answer, emailField) {
    activity.mockImplementation(answer);
    const element = createElement('c-email-activity', { is: EmailActivity });
    element.recordId = RECORD;
    if (emailField) {
        element.emailField = emailField;
    }
    document.body.appendChild(element);
    await settled();
    return element.shadowRoot;
}

const gives = (person) => async () => JSON.stringify({ ok: true, people: [person] });

describe('c-email-activity', () => {
    afterEach(() => {
        while (document.body.firstChild) {
            document.body.removeChild(document.body.firstChild);
        }
        jest.clearAllMocks();
    });

    it('asks for the record with the field that the page names', async () => {
        await shown(gives(TOLD), 'Work_Email__c');
        expect(activity).toHaveBeenCalledWith({ recordId: RECORD, emailField: 'Work_Email__c' });
    });

    it('shows counts, rates, a chart that is told in words and as a table, and a timeline', async () => {
        const root = await shown(gives(TOLD));
        const counts = root.querySelector('dl').textContent;
        expect(counts).toContain('Sent');
        expect(counts).toContain('67 %');
        expect(root.querySelector('.chart').getAttribute('aria-label')).toBe(
            'The last 2 months: 2 opened, 1 clicked, 0 bounced.'
        );
        expect([...root.querySelectorAll('.bar_opened')].map((bar) => bar.style.height)).toEqual(['0%', '100%']);
        expect(root.querySelectorAll('tbody tr')).toHaveLength(2);
        const lines = [...root.querySelectorAll('.timeline li')];
        expect(lines.map((line) => line.querySelector('strong').textContent)).toEqual(['Opened', 'Sent']);
        expect(lines.map((line) => line.querySelectorAll('lightning-formatted-date-time').length)).toEqual([1, 0]);
        expect(root.querySelector('lightning-spinner')).toBeNull();
    });

    it('says that nothing was sent', async () => {
        const root = await shown(gives(EMPTY));
        expect(root.querySelector('.empty').textContent).toContain('No e-mail went');
        expect(root.querySelector('.chart')).toBeNull();
    });

    it('shows what one side said beside what it could not', async () => {
        const problems = [{ code: 'FL-121', text: 'Salesforce does not answer.', next_step: 'Try later.' }];
        const root = await shown(gives({ ...TOLD, problems }));
        expect(root.textContent).toContain('Salesforce does not answer. Try later.');
        expect(root.querySelectorAll('.timeline li')).toHaveLength(2);
    });

    it('tells why it was refused, and tries again when asked to', async () => {
        const root = await shown(() => Promise.reject({ body: { message: 'You may not see this record.' } }));
        expect(root.querySelector('[role="alert"]').textContent).toContain('You may not see this record.');
        activity.mockImplementation(gives(TOLD));
        root.querySelector('lightning-button-icon').click();
        await settled();
        expect(root.querySelector('[role="alert"]')).toBeNull();
        expect(root.querySelectorAll('.timeline li')).toHaveLength(2);
    });

    it('says so where the answer cannot be read', async () => {
        const root = await shown(async () => '<html>');
        expect(root.querySelector('[role="alert"]').textContent).toContain('no answer that can be read');
    });
});
