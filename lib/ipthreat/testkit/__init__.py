"""The test kit: real servers on loopback that answer well, badly or not at all, for tests of code that asks servers.

    from ipthreat.testkit import behaviours
    from ipthreat.testkit.server import FakeServer

    def test_a_missing_page_is_an_answer():
        with FakeServer({"/list.txt": behaviours.status(404)}) as server, RequestsTransport() as transport:
            assert transport.send(Request(server.url + "/list.txt")).status == 404
            assert server.asked[0].header("Accept-Encoding") == "gzip"

It is part of the product, so that whoever adds a provider or a feed can hold it against the same faults.
"""
