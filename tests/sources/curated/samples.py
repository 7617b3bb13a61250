"""A few invented records of each curated set, in the files that its authors publish."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

MEDQUAD_XML = """<?xml version="1.0" encoding="UTF-8"?>
<Document id="0000001_1" source="CDC" url="https://www.cdc.gov/velorin">
<Focus>Velorin fever</Focus>
<FocusAnnotations><UMLS><CUIs><CUI>C0000001</CUI></CUIs></UMLS></FocusAnnotations>
<QAPairs>
  <QAPair pid="1">
    <Question qid="0000001_1-1" qtype="information">What is (are) Velorin fever ?</Question>
    <Answer>Velorin fever is an invented infection.

       - It is harmless.</Answer>
  </QAPair>
  <QAPair pid="2"><Question qid="0000001_1-2" qtype="causes">What causes Velorin fever ?</Question><Answer/></QAPair>
</QAPairs>
</Document>
"""
MEDQUAD_DOC = """<?xml version="1.0" encoding="UTF-8"?>
<doc docid="0000007" corpus="NINDS" url="http://www.ninds.nih.gov/tazo.htm">
<doctitle-focus>Tazo syndrome</doctitle-focus>
<umls><cui></cui></umls>
<qaPairs><pair pid="1"><question qid="0000007-1" qtype="treatment">is there any treatment for Tazo ?</question>
<answer>Rest.</answer></pair></qaPairs>
</doc>
"""
MEDQUAD_DISEASE = """<?xml version="1.0" encoding="UTF-8"?>
<DiseaseFile fid="0000009" source="GARD" url="https://rarediseases.info.nih.gov/9">
<Focus>Quillon disease</Focus>
<UMLS><CUI>C0000009</CUI></UMLS>
<QAPairs><QAPair pid="1">
<Question qid="0000009-1" qtype="symptoms">What are the symptoms of Quillon disease ?</Question>
<Answer>Blue thumbs.</Answer></QAPair></QAPairs>
</DiseaseFile>
"""
PUBMEDQA = {
    "90000001": {
        "QUESTION": "Does tazomib shorten velorin fever?",
        "CONTEXTS": ["We treated ten mice.", "Eight got well."],
        "LABELS": ["METHODS", "RESULTS"],
        "MESHES": ["Mice"],
        "YEAR": "2011",
        "reasoning_required_pred": "yes",
        "reasoning_free_pred": "yes",
        "final_decision": "yes",
        "LONG_ANSWER": "Tazomib shortens velorin fever in mice.",
    },
    "90000002": {
        "QUESTION": "Is velorin fever rare?",
        "CONTEXTS": ["We counted."],
        "LABELS": ["METHODS"],
        "MESHES": [],
        "YEAR": None,
        "final_decision": "maybe",
        "LONG_ANSWER": "That is not settled.",
    },
    "90000003": {
        "QUESTION": "Is it asked in the benchmark?",
        "CONTEXTS": ["Yes."],
        "LABELS": [],
        "MESHES": [],
        "YEAR": "2012",
        "final_decision": "yes",
        "LONG_ANSWER": "It is.",
    },
    "90000004": {
        "QUESTION": "Was it answered?",
        "CONTEXTS": ["No."],
        "LABELS": ["RESULTS"],
        "MESHES": [],
        "YEAR": "2012",
        "final_decision": "no",
        "LONG_ANSWER": "",
    },
}
MEDMCQA = [
    {"id": "m1", "question": "Which sign?", "opa": "Fever", "opb": "Gout", "opc": "", "opd": "Cough", "cop": 4},
    {"id": "m2", "question": "Which drug?", "opa": "Tazomib", "opb": "Tea", "opc": "Rest", "opd": "Ice", "cop": 1},
    {"id": "m3", "question": "Nobody knows?", "opa": "A", "opb": "B", "opc": "C", "opd": "D", "cop": None},
]
MEDQA = [
    {
        "question": "Which drug shortens velorin fever?",
        "answer": "Tazomib",
        "options": {"A": "Quillin", "B": "Tazomib", "C": "Rest", "D": "Tea"},
        "meta_info": "step1",
        "answer_idx": "B",
        "metamap_phrases": ["drug"],
    },
    {
        "question": "Which thumb is blue?",
        "answer": "",
        "options": {"A": "Left", "B": "Right"},
        "meta_info": "step1",
        "answer_idx": "",
    },
]
MEDDIALOG = [
    {
        "description": "Q. How long does velorin fever last?",
        "utterances": [
            "patient: Hi, I have had velorin fever for a week.",
            "doctor: It lasts ten days. Drink enough.",
            "patient: And then?",
            "doctor: Then it is over.",
        ],
    },
    {"description": "Q. Anybody there?", "utterances": ["patient: Hello?"]},
]
MEDDIALOG_RAW = """id=17
https://www.icliniq.com/qa/17
Description
Q. Is velorin fever catching?

Dialogue
Patient:
Hi doctor,
is velorin fever catching?

Doctor:
Hi.
It is not.

id=18
https://www.icliniq.com/qa/18
Description
Q. Nobody answers.

Dialogue
Patient:
Hello?
"""
LIVEQA = """<?xml version="1.0" encoding="UTF-8"?>
<NLM-QUESTIONS>
<NLM-QUESTION questionid="Q1" fRef="1"><SUBJECT>velorin</SUBJECT><MESSAGE>I have velorin fever. What is it &amp; what
 helps?</MESSAGE><SUB-QUESTIONS>
<SUB-QUESTION subqid="Q1-S1"><ANNOTATIONS><FOCUS>velorin fever</FOCUS><TYPE>information</TYPE></ANNOTATIONS>
<ANSWERS><ANSWER answerid="Q1-S1-A1">An invented fever.</ANSWER><ANSWER answerid="Q1-S1-A2">A fever.</ANSWER></ANSWERS>
</SUB-QUESTION>
<SUB-QUESTION subqid="Q1-S2"><ANNOTATIONS><FOCUS>velorin fever</FOCUS><TYPE>treatment</TYPE></ANNOTATIONS>
<ANSWERS><ANSWER answerid="Q1-S2-A1">Rest helps.</ANSWER></ANSWERS></SUB-QUESTION>
</SUB-QUESTIONS></NLM-QUESTION>
<NLM-QUESTION qid="2.0"><SUBJECT></SUBJECT><MESSAGE>Nobody knows?</MESSAGE><SUB-QUESTIONS><SUB-QUESTION>
<ANNOTATIONS><FOCUS>x</FOCUS></ANNOTATIONS><ANSWERS></ANSWERS></SUB-QUESTION></SUB-QUESTIONS></NLM-QUESTION>
</NLM-QUESTIONS>
"""
FRENCHMEDMCQA = [
    {
        "id": "f1",
        "question": "Quels sont les signes de la fièvre de Vélorin ?",
        "type": "multiple",
        "answers": {"a": "Toux", "b": "Fièvre", "c": "Pouce bleu", "d": "Prurit", "e": "Surdité"},
        "correct_answers": ["b", "c"],
        "subject_name": "pharmacie",
        "nbr_correct_answers": 2,
    },
    {
        "id": "f2",
        "question": "Laquelle ?",
        "type": "simple",
        "answers": {"a": "Une", "b": "Deux"},
        "correct_answers": [],
        "subject_name": "pharmacie",
        "nbr_correct_answers": 0,
    },
]
MEDIQAL = {
    "mcqu": [
        {
            "id": "m1",
            "clinical_case": "Un homme de 50 ans a le pouce bleu.",
            "question": "Quel examen ?",
            "answer_a": "IRM",
            "answer_b": "Radiographie",
            "answer_c": "Aucun",
            "answer_d": "Scanner",
            "answer_e": "Échographie",
            "correct_answers": "b",
            "task": "mcqu",
            "medical_subject": "Rhumatologie",
            "question_type": "Reasoning",
        }
    ],
    "mcqm": [
        {
            "id": "m2",
            "clinical_case": None,
            "question": "Quels signes ?",
            "answer_a": "Fièvre",
            "answer_b": "Toux",
            "answer_c": "Prurit",
            "answer_d": "Surdité",
            "answer_e": "Ictère",
            "correct_answers": "a,c",
            "task": "mcqm",
            "medical_subject": "Infectiologie",
            "question_type": "Understanding",
        }
    ],
}
ULTRAMEDICAL = [
    {
        "id": "MedQA,1",
        "type": "Exam",
        "answer": "A",
        "score": "This question would be rated a 7.",
        "conversations": [
            {"from": "human", "value": "Which thumb is blue?\n\nA. The left\nB. The right"},
            {"from": "gpt", "value": "It is the left one.\n\nSo, the answer is A."},
        ],
    },
    {
        "id": "WikiInstruct,2",
        "type": "Open-End",
        "answer": "Because.",
        "score": "7",
        "conversations": [{"from": "human", "value": "Why are thumbs blue?"}, {"from": "gpt", "value": "Because."}],
    },
    {
        "id": "WikiInstruct,3",
        "type": "Open-End",
        "answer": "",
        "score": "7",
        "conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": ""}],
    },
]
PREFERENCES = [
    {
        "prompt_id": "WikiInstruct,2",
        "label_type": "easy",
        "prompt": "Why are thumbs blue?",
        "chosen": [{"role": "user", "content": "Why are thumbs blue?"}, {"role": "assistant", "content": "From cold."}],
        "rejected": [{"role": "user", "content": "Why are thumbs blue?"}, {"role": "assistant", "content": "Magic."}],
    },
    {
        "prompt_id": "WikiInstruct,2",
        "label_type": "hard",
        "prompt": "Why are thumbs blue?",
        "chosen": [{"role": "user", "content": "Why are thumbs blue?"}, {"role": "assistant", "content": "From cold."}],
        "rejected": [{"role": "user", "content": "Why are thumbs blue?"}, {"role": "assistant", "content": "No idea."}],
    },
    {
        "prompt_id": "WikiInstruct,3",
        "label_type": "hard",
        "prompt": "Why?",
        "chosen": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}],
        "rejected": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}],
    },
]
MEDIQA = [
    {
        "qid": "6",
        "prompt": "What is velorin fever ?",
        "chosen": "An invented fever.",
        "chosen_score": 4,
        "chosen_url": "https://www.nimh.nih.gov/velorin",
        "rejected": "A drink.",
        "rejected_score": 2,
        "rejected_url": "https://www.nimh.nih.gov/drinks",
    },
    {
        "qid": "7",
        "prompt": "What is tazomib ?",
        "chosen": "A drug.",
        "chosen_score": 4,
        "rejected": "A fever.",
        "chosen_url": "https://medlineplus.gov/druginfo/meds/a1.html",
        "rejected_score": 1,
        "rejected_url": "#",
    },
]
MEDIQA_XML = """<?xml version="1.0" encoding="UTF-8"?>
<MEDIQA2019-Task3-QA-TrainingSet2-Alexa-V2>
<Question QID="8"><QuestionText>What causes velorin fever?</QuestionText><AnswerList>
<Answer AID="8_1" SystemRank="1" ReferenceRank="2" ReferenceScore="3-Incomplete">
<AnswerURL>https://www.nih.gov/a</AnswerURL><AnswerText>A virus.</AnswerText></Answer>
<Answer AID="8_2" SystemRank="2" ReferenceRank="1" ReferenceScore="4-Excellent">
<AnswerURL>https://www.nih.gov/b</AnswerURL><AnswerText>The velorin virus.</AnswerText></Answer>
<Answer AID="8_3" SystemRank="3" ReferenceRank="3" ReferenceScore="2-Related">
<AnswerURL>https://www.nih.gov/c</AnswerURL><AnswerText>It is a fever.</AnswerText></Answer>
<Answer AID="8_4" SystemRank="4" ReferenceRank="0" ReferenceScore="1-Incorrect">
<AnswerURL>https://medlineplus.gov/ency/article/000000.htm</AnswerURL><AnswerText>Dust.</AnswerText></Answer>
</AnswerList></Question>
</MEDIQA2019-Task3-QA-TrainingSet2-Alexa-V2>
"""
GENERAL = [
    {"instruction": "What is seven and five?", "context": "", "response": "It is twelve.", "category": "open_qa"},
    {"instruction": "Who wrote it?", "context": "A letter by Ada.", "response": "Ada.", "category": "closed_qa"},
    {"instruction": "Say nothing.", "context": "", "response": "", "category": "open_qa"},
]
TRIAGE = [
    {
        "id": "h1",
        "language": "fr",
        "label": "immediate",
        "question": "Un adulte ne respire plus.",
        "published": "2026-02-01",
        "counterpart": "h2",
    },
    {"language": "en", "label": "delayed", "question": "An adult wants a sick note for a cold that is over."},
    {"id": "h3", "language": "en", "label": "", "question": "Not labelled yet."},
]


def _lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode(), mtime=0))
    else:
        path.write_text(text, encoding="utf-8")


def _file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _medquad(folder: Path) -> None:
    _file(folder / "9_CDC_QA" / "0000001_1.xml", MEDQUAD_XML)
    _file(folder / "6_NINDS_QA" / "0000007.xml", MEDQUAD_DOC)
    _file(folder / "2_GARD_QA" / "0000009.xml", MEDQUAD_DISEASE)


def _pubmedqa(folder: Path) -> None:
    _file(folder / "data" / "ori_pqal.json", json.dumps(PUBMEDQA, indent=2))
    _file(folder / "data" / "test_ground_truth.json", json.dumps({"90000003": "yes"}))


def _mediqal(folder: Path) -> None:
    for config, rows in MEDIQAL.items():
        _file(folder / config / "train.json", json.dumps(rows, ensure_ascii=False, indent=1))
        _file(folder / config / "test.json", "[broken")


def _meddialog(folder: Path) -> None:
    _file(folder / "english-train.json", json.dumps(MEDDIALOG))
    _file(folder / "icliniq_dialogue.txt", MEDDIALOG_RAW)
    _file(folder / "README.txt", "No dialogue.")


def _liveqa(folder: Path) -> None:
    _file(folder / "TrainingDatasets" / "TREC-2017-LiveQA-Medical-Train-1.xml", LIVEQA)
    _file(folder / "TestDataset" / "TREC-2017-LiveQA-Medical-Test.xml", "<broken")


def _mediqa(folder: Path) -> None:
    _lines(folder / "preference_pairs.jsonl", MEDIQA)
    _file(folder / "MEDIQA_Task3_QA" / "MEDIQA2019-Task3-QA-TrainingSet2-Alexa-V2.xml", MEDIQA_XML)
    _file(folder / "MEDIQA_Task3_QA" / "MEDIQA2019-Task3-QA-TestSet-wLabels.xml", "<broken")
    _file(folder / "MEDIQA_Task2_RQE" / "MEDIQA2019-Task2-RQE-TrainingSet-AMIA2016.xml", "<broken")


WRITERS: dict[str, Callable[[Path], None]] = {
    "medquad": _medquad,
    "pubmedqa": _pubmedqa,
    "medqa": lambda folder: _lines(folder / "phrases_no_exclude_train.jsonl", MEDQA),
    "medmcqa": lambda folder: _lines(folder / "train.json", MEDMCQA),
    "meddialog": _meddialog,
    "liveqa": _liveqa,
    "frenchmedmcqa": lambda folder: _file(folder / "train.json", json.dumps(FRENCHMEDMCQA, ensure_ascii=False)),
    "mediqal": _mediqal,
    "ultramedical": lambda folder: _lines(folder / "train.jsonl.gz", ULTRAMEDICAL),
    "ultramedical-preference": lambda folder: _file(folder / "data" / "train.json", json.dumps(PREFERENCES)),
    "mediqa": _mediqa,
    "general": lambda folder: _lines(folder / "databricks-dolly-15k.jsonl", GENERAL),
    "triage": lambda folder: _lines(folder / "emergency.jsonl", TRIAGE),
}


def write(name: str, below: Path) -> Path:
    """Put the set's files into `below/name` and return `below`, as MEDPIPE_CURATED names it."""
    WRITERS[name](below / name)
    return below
