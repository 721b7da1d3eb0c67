"""The flocking shepherd: lends idle HTCondor hosts to guests, in containers, and takes them back.

What is lies in `model`, what to do in `core`, what is needed of the world in `ports`, how it is
done in `edges`; `programs` are the processes, `views` and `cli` the faces. The design with its
invariants is `shepherd/DESIGN.md`.
"""

__version__ = "0.1.0"
