import { createElement } from 'lwc';
import memberships from '@salesforce/apex/FairleadController.memberships';
import ListMemberships from 'c/listMemberships';

jest.mock('@salesforce/apex/FairleadController.manage', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/FairleadController.memberships', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/customPermission/Manage_Memberships', () => ({ default: undefined }), { virtual: true });

const NEWS = { list_id: 'n', list: 'News', client: 'Shop', managed: true, state: 'Active', mailed: true, since: '2026-05-01' };
const TOLD = { memberships: [NEWS], suppressed: [], other_lists: [{ list_id: 'o', list: 'Offers', client: 'Shop' }], problems: [] };

describe('c-list-memberships without Manage Memberships', () => {
    it('shows lists and nothing to press', async () => {
        memberships.mockImplementation(async () => JSON.stringify({ ok: true, people: [TOLD] }));
        const element = createElement('c-list-memberships', { is: ListMemberships });
        element.recordId = '003000000000001AAA';
        element.emailField = 'Work_Email__c';
        document.body.appendChild(element);
        await new Promise(process.nextTick);
        expect(memberships).toHaveBeenCalledWith({ recordId: '003000000000001AAA', emailField: 'Work_Email__c' });
        expect(element.shadowRoot.querySelectorAll('.lists li')).toHaveLength(1);
        expect(element.shadowRoot.querySelectorAll('input')).toHaveLength(0);
        expect(element.shadowRoot.querySelectorAll('lightning-button, lightning-dual-listbox')).toHaveLength(0);
    });
});
