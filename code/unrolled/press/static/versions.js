/** Earlier texts of an answer, beside the present one. */
import { isBlank } from "./answers.js";
import { made } from "./elements.js";

/** Earlier texts beside the present one: what was committed, and what another tab wrote. */
export function versionsUnder(work) {
  const place = work.appendChild(made("div", "question-versions"));
  return {
    draw(answer, count) {
      place.replaceChildren();
      const standing = JSON.stringify(answer.boxes);
      if (answer.committed && JSON.stringify(answer.committed.boxes) !== standing) {
        place.append(version("What you committed first", answer.committed));
      }
      for (const kept of answer.kept) place.append(version("Also written, elsewhere", kept));
      for (const again of answer.attempts) place.append(version("From memory", again));
      if (answer.draft) place.append(version("From memory, not finished", answer.draft));
      const beyond = answer.boxes.slice(count);
      if (!isBlank(beyond)) place.append(version("From an earlier form of this question", { boxes: beyond }));
    },
  };
}

function version(title, { boxes, at }) {
  const day = at ? ` (${new Date(at).toLocaleDateString("en-US", { dateStyle: "medium" })})` : "";
  const block = made("div", "question-version");
  block.append(made("p", "question-heading", title + day));
  for (const text of boxes) block.append(made("p", "question-written", text || "—"));
  return block;
}
