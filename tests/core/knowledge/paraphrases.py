"""How people ask for what the invented medicine says: none of it is a phrasing of `core.teaching.phrasings`."""

from __future__ import annotations

from medpipe.core.teaching.claim import Claim
from medpipe.sandbox.world import World

OF_TYPE = {
    "treatment": (
        "my uncle has {focus}, what do they give him for it? any drug?",
        "is there anything that cures {focus}",
        "{focus}: best therapy?",
        "Which medicine do I need against {focus}?",
        "For {focus}, what would a doctor prescribe?",
        "What works against {focus}?",
        "treating {focus} in adults",
        "Can {short} be healed, and with what?",
        "I read that {focus} is treated with {slot}. Is that right?",
        "Should I take {slot} for my {focus}?",
    ),
    "causes": (
        "why did I get {focus}?",
        "What is behind {focus}?",
        "{focus} - what triggers it",
        "Is {slot} responsible for {focus}?",
        "What brings on {focus}?",
        "Origin of {focus}, please",
        "How does {focus} arise?",
        "What makes people come down with {focus}?",
        "What is causing my {focus}?",
        "What is the reason that somebody develops {short}?",
    ),
    "symptoms": (
        "How do I notice that I have {focus}?",
        "{focus} symptom list",
        "What would I feel with {focus}?",
        "main complaint in {focus}?",
        "does {focus} come with {slot}?",
        "How does {short} manifest?",
        "Tell me the first sign of {focus}",
        "What do patients with {focus} suffer from?",
        "What are people with {focus} complaining about?",
        "How do you experience {focus}?",
    ),
    "exams and tests": (
        "which exam proves {focus}?",
        "How do you confirm {focus}?",
        "{focus}: how is it detected",
        "Does a {slot} show that it is {focus}?",
        "How can doctors find {focus}?",
        "what scan do they do for {focus}",
        "How would {short} be recognised?",
        "Is there a check for {focus}?",
        "I think that I have {focus}. How can I find out?",
        "Diagnosing {focus}",
    ),
    "susceptibility": (
        "who gets {focus} most often?",
        "Which people does {focus} strike?",
        "am I at risk of {focus}?",
        "Are people from {slot} more prone to {focus}?",
        "{focus}: who has to worry?",
        "Which population is vulnerable to {focus}?",
        "Whom does {focus} affect?",
        "risk groups for {short}",
        "Who should be careful because of {focus}?",
        "Likely victims of {focus}?",
    ),
    "prevention": (
        "how do I protect myself from {focus}?",
        "is there a vaccine against {focus}",
        "Does {slot} keep {focus} away?",
        "avoiding {focus}",
        "How to ward off {focus}?",
        "What stops {focus} from coming?",
        "{focus} prevention tips",
        "Can I make myself immune to {short}?",
        "What lowers the risk of {focus}?",
        "How can one guard against {focus}?",
    ),
}
"""Question type → templates. `{short}` is the condition without its kind, `{slot}` what the document said."""

OF_FINDING = (
    "is it true that {drug} {verb} {focus}?",
    "{focus} and {drug}: does it help?",
    "My doctor says {drug} {verb} {focus} by blocking {slot}. Should I believe it?",
    "what does {drug} do in {focus}",
    "Would {drug} be good for somebody with {focus}?",
    "What did they find out about {focus} patients on {drug}?",
    "Has {drug} been shown to work in {focus}?",
    "How does {drug} act on {focus}?",
    "{drug} for {focus}?",
    "Any evidence for {drug} against {focus}?",
)


def topics(world: World, day: int = 1) -> list[Claim]:
    """Return what every English topic of a day says, as claims."""
    return [
        Claim(
            document=f"mplus:{topic.id}",
            revision=1,
            source="medlineplus",
            question_type=fact.question_type,
            focus=topic.focus,
            answer=fact.answer,
            slot=fact.slot,
        )
        for topic in world.topics(day)
        if topic.language == "English"
        for fact in topic.facts
    ]


def findings(world: World, day: int = 1) -> list[Claim]:
    """Return what every article of a day concludes, as claims."""
    return [
        Claim(
            document=f"pmid:{article.pmid}",
            revision=1,
            source="pubmed",
            question_type="finding",
            focus=article.title,
            answer=article.conclusions,
            slot=article.slot,
        )
        for article in world.articles(day)
        if article.title.startswith("Does ")
    ]


def asked(claim: Claim) -> list[str]:
    """Return the questions that people ask for a claim."""
    if claim.question_type != "finding":
        short = claim.focus.split()[0]
        return [text.format(focus=claim.focus, short=short, slot=claim.slot) for text in OF_TYPE[claim.question_type]]
    _, drug, _, *condition = claim.focus.rstrip("?").split()
    verb = claim.answer.split()[1]
    return [text.format(drug=drug, verb=verb, focus=" ".join(condition), slot=claim.slot) for text in OF_FINDING]


def misspelt(question: str, focus: str) -> str:
    """Return a question with one letter of the condition's name doubled."""
    name = focus.rstrip("?").split()[-2 if focus.endswith("?") else 0]
    return question.replace(name, f"{name[:3]}{name[2]}{name[3:]}").replace(name.lower(), f"{name[1:]}")
