"""The texts of the demo, the question, and the answer that a search must find."""

SENTENCES = (
    "Artificial intelligence was founded as an academic discipline in 1956.",
    "Alan Turing was the first person to conduct substantial research in AI.",
    "Born in Maida Vale, London, Turing was raised in southern England.",
)
QUESTION = "Who started AI research?"
ANSWER = SENTENCES[1]
