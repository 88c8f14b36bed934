"""Job: inserts vectors of the demo's sentences as the notebook's user, searches, and checks what is found."""

from __future__ import annotations

import os
import sys

from milvus_demo.connection import MILVUS_ERRORS, DemoError, connect
from milvus_demo.embedding import DIMENSION, embed
from milvus_demo.sentences import ANSWER, QUESTION, SENTENCES
from pymilvus import MilvusClient


def main() -> None:
    """Run the job; it prints the found sentence, or the reason of the failure with exit status 1."""
    collection = f"verification_{os.urandom(4).hex()}"
    try:
        client = connect()
        try:
            found = find(client, collection)
        finally:
            client.drop_collection(collection)
    except (DemoError, *MILVUS_ERRORS) as error:
        sys.exit(f"Milvus verification failed: {error}")
    if found != ANSWER:
        sys.exit(f"Milvus verification failed: for {QUESTION!r} it found {found!r} instead of {ANSWER!r}")
    print(f"found: {found}")


def find(client: MilvusClient, collection: str) -> str:
    """Insert the sentences into a new collection and give the one closest to the question."""
    client.create_collection(
        collection, dimension=DIMENSION, metric_type="COSINE", consistency_level="Strong"
    )
    vectors = embed(SENTENCES)
    client.insert(
        collection,
        [{"id": i, "vector": vectors[i], "text": text} for i, text in enumerate(SENTENCES)],
    )
    hits = client.search(collection, data=embed([QUESTION]), limit=1, output_fields=["text"])
    return hits[0][0]["entity"]["text"] if hits[0] else ""


if __name__ == "__main__":
    main()
