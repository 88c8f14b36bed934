"""What the notebook and the two jobs of the demo share: connection, embedding, collections, plot."""

from milvus_demo.connection import Credentials, MilvusAddress, connect
from milvus_demo.embedding import embed
from milvus_demo.plot import plot_meaning
from milvus_demo.sentences import ANSWER, QUESTION, SENTENCES

__all__ = [
    "ANSWER",
    "QUESTION",
    "SENTENCES",
    "Credentials",
    "MilvusAddress",
    "connect",
    "embed",
    "plot_meaning",
]
