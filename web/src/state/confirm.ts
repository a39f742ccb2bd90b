// One dialog for everything that deserves a deliberate step. It names the object and the consequence.
import { shallowRef } from 'vue';

export interface Question {
  title: string;
  text: string;
  more?: string[];
  yes: string; // a verb and its object
  danger?: boolean;
  typed?: string; // has to be typed first
  act: () => Promise<void>;
}

export const question = shallowRef<Question | null>(null);

export function ask(next: Question): void {
  question.value = next;
}
