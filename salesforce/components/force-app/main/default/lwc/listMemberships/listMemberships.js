import { LightningElement, api } from 'lwc';
import mayManage from '@salesforce/customPermission/Manage_Memberships';
import manage from '@salesforce/apex/FairleadController.manage';
import memberships from '@salesforce/apex/FairleadController.memberships';

const TITLES = {
    add: 'Add to lists',
    remove: 'Remove from lists',
    unsubscribe: 'Unsubscribe from lists',
    unsubscribe_all: 'Unsubscribe from all lists'
};

/** The lists that know the person of a record; who has Manage Memberships manages them, after a look at what will happen. */
export default class ListMemberships extends LightningElement {
    @api recordId;
    @api emailField = 'Email';

    told;
    plan;
    done;
    act = '';
    problem = '';
    loading = true;
    chosen = [];
    wanted = [];

    connectedCallback() {
        this.load();
    }

    /** Read them, or read them anew. */
    @api
    async load() {
        await this.asking(async () => {
            const answer = JSON.parse(await memberships({ recordId: this.recordId, emailField: this.emailField }));
            this.told = answer.people[0];
            this.chosen = [];
            this.wanted = [];
        });
    }

    get mayManage() {
        return mayManage === true && this.told !== undefined && this.told.problems.length === 0;
    }

    get rows() {
        return this.told?.memberships.map((each) => ({
            ...each,
            key: each.list_id,
            choosable: this.mayManage && each.managed && each.mailed,
            label: `Choose ${each.list}`
        }));
    }

    get none() {
        return this.told !== undefined && this.told.memberships.length === 0 && this.told.problems.length === 0;
    }

    get problems() {
        return this.told?.problems.map((each) => ({ key: each.code, text: `${each.text} ${each.next_step}` })) ?? [];
    }

    get suppressed() {
        return this.told?.suppressed.map((each) => `${each.client}: ${each.reason}`).join(', ');
    }

    get others() {
        return this.told?.other_lists.map((each) => ({ label: `${each.list} (${each.client})`, value: each.list_id })) ?? [];
    }

    get title() {
        return TITLES[this.act];
    }

    get steps() {
        return (this.plan ?? this.done ?? []).map((each) => ({
            key: each.list_id,
            list: each.list,
            outcome: each.message || (this.done ? (each.done ? 'Done.' : 'Nothing to do.') : each.will || 'Nothing to do.')
        }));
    }

    get asked() {
        return this.plan !== undefined || this.done !== undefined;
    }

    get goes() {
        return this.plan?.some((each) => each.will && !each.message) ?? false;
    }

    choose(event) {
        const { value, checked } = event.target;
        this.chosen = checked ? [...this.chosen, value] : this.chosen.filter((each) => each !== value);
    }

    want(event) {
        this.wanted = event.detail.value;
    }

    /** What would happen is shown first. */
    async look(event) {
        this.act = event.target.dataset.act;
        await this.asking(async () => {
            this.plan = await this.send(true);
        });
    }

    async goOn() {
        await this.asking(async () => {
            const done = await this.send(false);
            this.plan = undefined;
            this.done = done;
        });
    }

    async back() {
        this.plan = undefined;
        this.done = undefined;
        await this.load();
    }

    async send(dryRun) {
        const listIds = { add: this.wanted, unsubscribe_all: [] }[this.act] ?? this.chosen;
        const answer = await manage({
            recordId: this.recordId,
            emailField: this.emailField,
            act: this.act,
            listIds,
            dryRun
        });
        return JSON.parse(answer).lists;
    }

    async asking(work) {
        this.loading = true;
        this.problem = '';
        try {
            await work();
        } catch (error) {
            this.problem = error.body?.message ?? 'Fairlead gave no answer that can be read.';
        } finally {
            this.loading = false;
        }
    }
}
