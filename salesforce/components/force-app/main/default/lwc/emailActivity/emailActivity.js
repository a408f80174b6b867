import { LightningElement, api } from 'lwc';
import activity from '@salesforce/apex/FairleadController.activity';

const COUNTS = ['sent', 'opened', 'clicked', 'bounced', 'unsubscribed', 'spam complaint'];
const CHARTED = ['opened', 'clicked', 'bounced'];
const FULL = 100;

const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

/** What the person of a record got and did: read live through Fairlead, kept nowhere. */
export default class EmailActivity extends LightningElement {
    @api recordId;
    @api emailField = 'Email';

    told;
    problem = '';
    loading = true;

    connectedCallback() {
        this.load();
    }

    /** Read it, or read it anew. */
    @api
    async load() {
        this.loading = true;
        this.problem = '';
        try {
            const answer = JSON.parse(await activity({ recordId: this.recordId, emailField: this.emailField }));
            this.told = answer.people[0];
        } catch (error) {
            this.told = undefined;
            this.problem = error.body?.message ?? 'Fairlead gave no answer that can be read.';
        } finally {
            this.loading = false;
        }
    }

    get problems() {
        return this.told?.problems.map((each) => ({ key: each.code, text: `${each.text} ${each.next_step}` })) ?? [];
    }

    get empty() {
        return this.told !== undefined && this.told.timeline.length === 0 && this.told.problems.length === 0;
    }

    get shown() {
        return this.told !== undefined && this.told.timeline.length > 0;
    }

    get counts() {
        const counted = COUNTS.map((name) => ({ name: capital(name), value: `${this.told.counts[name]}` }));
        return [
            ...counted,
            { name: 'Open rate', value: `${this.told.open_rate} %` },
            { name: 'Click rate', value: `${this.told.click_rate} %` }
        ];
    }

    get months() {
        const most = Math.max(1, ...this.told.months.flatMap((each) => CHARTED.map((what) => each[what])));
        return this.told.months.map((each) => ({
            month: each.month,
            says: `${each.month}: ${CHARTED.map((what) => `${each[what]} ${what}`).join(', ')}`,
            bars: CHARTED.map((what) => ({
                what,
                number: each[what],
                class: `bar bar_${what}`,
                style: `height: ${Math.round((FULL * each[what]) / most)}%`
            }))
        }));
    }

    get chartSays() {
        const sums = CHARTED.map((what) => {
            const sum = this.told.months.reduce((before, each) => before + each[what], 0);
            return `${sum} ${what}`;
        });
        return `The last ${this.told.months.length} months: ${sums.join(', ')}.`;
    }

    get events() {
        return this.told.timeline.map((each, number) => ({ ...each, key: `${number}`, dated: each.at !== '' }));
    }
}
