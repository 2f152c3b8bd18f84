/**
 * The key ideas, one by one: what the answer seems to touch, which is a guess, and the reader's own
 * mark, which stands for it. Nothing is selected at first, so that the guess doesn't anchor.
 */
import { MARK_WORDS, isOpen } from "./answers.js";
import { made } from "./elements.js";
import { score } from "./feedback.js";

const GUESSES = {
  touched: "Seems to touch this:",
  unclear: "Can’t tell.",
  none: "Found no sign of it: did you say this in other words?",
};
const INTRODUCTION = "Which of these ideas are in your answer? You judge. What stands beside each is "
  + "a guess by matching words, made in this browser; it is often wrong.";
const LIST = " This question asks for a list, so keywords will do.";

/**
 * @param {HTMLElement} details  the question's key ideas and model answer
 * @param {import("./feedback.js").Rubric} rubric
 * @param {(says: string, mark: string) => void} onMark
 */
export function markingIn(details, rubric, onMark) {
  const list = details.querySelector(".question-ideas");
  const introduction = made("p", "question-marking", INTRODUCTION + (rubric.kind === "list" ? LIST : ""));
  introduction.hidden = true;
  list?.before(introduction);
  const rows = rubric.ideas.map((idea, index) => {
    const item = list.children[index];
    return row(item, `${rubric.id}-idea-${index + 1}`, (value) => onMark(idea.says, value));
  });
  let scored = null; // the text that the guesses shown are about

  function draw(answer, text) {
    const isShown = isOpen(answer);
    introduction.hidden = !isShown;
    const guesses = isShown && text !== scored ? score(text, rubric) : null;
    if (isShown) scored = text;
    rows.forEach(({ place, choose, guess }, index) => {
      place.hidden = !isShown;
      choose(answer.marks[rubric.ideas[index].says]?.mark);
      if (guesses) guess(text.trim() ? guesses[index] : null);
    });
  }

  return { draw };
}

function row(item, name, onMark) {
  const place = item.appendChild(made("div", "question-idea"));
  place.hidden = true;
  const guessed = place.appendChild(made("p", "question-guess"));
  guessed.id = `${name}-guess`;
  const choices = place.appendChild(made("fieldset", "question-marks"));
  choices.setAttribute("aria-describedby", guessed.id);
  choices.append(made("legend", "", "This idea is"));
  const radios = Object.entries(MARK_WORDS).map(([value, text]) => {
    const label = choices.appendChild(made("label"));
    const radio = label.appendChild(made("input"));
    radio.type = "radio";
    radio.name = name;
    radio.value = value;
    radio.autocomplete = "off"; // or the browser would bring back a mark that was never saved
    radio.addEventListener("change", () => onMark(value));
    label.append(` ${capitalized(text)}`);
    return radio;
  });
  return {
    place,
    choose: (mark) => radios.forEach((radio) => { radio.checked = radio.value === mark; }),
    guess: (found) => showGuess(guessed, found),
  };
}

function showGuess(place, found) {
  place.replaceChildren();
  place.dataset.guess = found?.state ?? "";
  if (!found) return;
  place.append(GUESSES[found.state]);
  if (found.guard) place.append(` ${capitalized(found.guard.why)}`);
  if (found.sentence && found.state !== "none") place.append(" ", quoted(found));
}

/** The reader's own sentence, its matched words marked. */
function quoted({ sentence, matches }) {
  const quote = made("q", "question-quote");
  let end = 0;
  for (const match of matches) {
    quote.append(sentence.slice(end, match.start), made("mark", "", sentence.slice(match.start, match.end)));
    end = match.end;
  }
  quote.append(sentence.slice(end));
  return quote;
}

function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
