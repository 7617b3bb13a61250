"""An update file like PubMed's, of any size, over invented words, for measuring only."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from pathlib import Path

_SYLLABLES = "ba ce di fo gu ka le mi no pu ra se ti vo zu bra cle dri flo gru".split()
_PARTS = (("BACKGROUND", 60), ("METHODS", 70), ("RESULTS", 80), ("CONCLUSIONS", 40))
"""Label and number of words of each part: about 250 words in all, as abstracts have."""

_RECORD = """<PubmedArticle><MedlineCitation Status="MEDLINE" IndexingMethod="Automated" Owner="NLM">
<PMID Version="1">{pmid}</PMID><DateRevised><Year>2026</Year><Month>03</Month><Day>03</Day></DateRevised>
<Article PubModel="Print-Electronic"><Journal><ISSN IssnType="Electronic">0000-0000</ISSN><JournalIssue
CitedMedium="Internet"><Volume>1</Volume><PubDate><Year>2025</Year><Month>Nov</Month></PubDate></JournalIssue>
<Title>{journal}</Title></Journal><ArticleTitle>{title}?</ArticleTitle>
<ELocationID EIdType="doi" ValidYN="Y">10.0000/{pmid}</ELocationID><Abstract>{abstract}</Abstract>
<AuthorList CompleteYN="Y">{authors}</AuthorList><Language>eng</Language><PublicationTypeList>
<PublicationType UI="D016428">Journal Article</PublicationType></PublicationTypeList></Article>
<MeshHeadingList>{mesh}</MeshHeadingList>{links}</MedlineCitation><PubmedData><PublicationStatus>ppublish
</PublicationStatus><ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId></ArticleIdList><ReferenceList>
{references}</ReferenceList></PubmedData></PubmedArticle>
"""


def records(number: int, seed: int = 17) -> Iterator[str]:
    """Yield `number` PubmedArticle elements, one in 500 of them retracted."""
    chance = random.Random(seed)
    words = ["".join(chance.choices(_SYLLABLES, k=3)) for _ in range(3000)]

    def text(count: int) -> str:
        return " ".join(chance.choices(words, k=count))

    for index in range(number):
        yield _RECORD.format(
            pmid=90_000_000 + index,
            journal=text(3).title(),
            title=text(12).capitalize(),
            abstract="".join(
                f'<AbstractText Label="{label}" NlmCategory="{label}">{text(count)}, <i>{text(1)}</i> '
                f"&lt; 0.05.</AbstractText>"
                for label, count in _PARTS
            ),
            authors="".join(
                f'<Author ValidYN="Y"><LastName>{text(1)}</LastName><Initials>A</Initials>'
                f"<AffiliationInfo><Affiliation>{text(9)}</Affiliation></AffiliationInfo></Author>"
                for _ in range(5)
            ),
            mesh="".join(
                f'<MeshHeading><DescriptorName UI="D{n:06}" MajorTopicYN="N">{text(2)}</DescriptorName></MeshHeading>'
                for n in range(8)
            ),
            links='<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J</RefSource>'
            f'<PMID Version="1">{99_000_000 + index}</PMID></CommentsCorrections></CommentsCorrectionsList>'
            if index % 500 == 250
            else "",
            references="".join(
                f"<Reference><Citation>{text(15)}</Citation><ArticleIdList><ArticleId "
                f'IdType="pubmed">{n}</ArticleId></ArticleIdList></Reference>'
                for n in range(20)
            ),
        )


def update_file(path: Path, number: int) -> None:
    """Write a gzipped update file of `number` records."""
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=4) as file:
        file.write('<?xml version="1.0" encoding="utf-8"?>\n<PubmedArticleSet>\n')
        for record in records(number):
            file.write(record)
        file.write("</PubmedArticleSet>\n")
