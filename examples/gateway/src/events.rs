//! Server-sent events out of bytes, however these are cut.

/// The longest event that is read. A stream without line ends would else fill the memory.
pub(crate) const MAX_EVENT_BYTES: usize = 4 << 20;

/// Reads events. Comments and all fields but `data` are skipped; what has no blank line behind it is no event.
#[derive(Default)]
pub(crate) struct Events {
    /// What came and has no line end yet.
    rest: Vec<u8>,
    /// How much of `rest` was searched for a line end.
    searched: usize,
    data: Option<Vec<u8>>,
}

/// An event is longer than [`MAX_EVENT_BYTES`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Events {
    /// Takes in bytes and returns the data of the events that are now whole.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, TooLong> {
        self.rest.extend_from_slice(bytes);
        let rest = std::mem::take(&mut self.rest);
        let mut events = Vec::new();
        let mut from = 0;
        let mut look = self.searched;
        while let Some(unseen) = rest.get(look..)
            && let Some(at) = unseen.iter().position(|b| *b == b'\n')
        {
            let end = look.saturating_add(at);
            self.line(rest.get(from..end).unwrap_or_default(), &mut events);
            from = end.saturating_add(1);
            look = from;
        }
        self.rest = rest.get(from..).unwrap_or_default().to_vec();
        self.searched = self.rest.len();
        let held = self.rest.len().saturating_add(self.data.as_ref().map_or(0, Vec::len));
        if held > MAX_EVENT_BYTES { Err(TooLong) } else { Ok(events) }
    }

    fn line(&mut self, line: &[u8], events: &mut Vec<Vec<u8>>) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            events.extend(self.data.take());
        } else if let Some(value) = line.strip_prefix(b"data:") {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<String> {
        let mut events = Events::default();
        let data = pieces.iter().flat_map(|piece| events.push(piece).unwrap());
        data.map(|data| String::from_utf8(data).unwrap()).collect()
    }

    #[test]
    fn an_event_is_the_same_however_it_is_cut() {
        let text = b": hello\r\n\r\nevent: x\ndata: {\"a\":\ndata: 1}\r\n\ndata:[DONE]\n\n";
        let whole = read(&[text]);
        assert_eq!(whole, ["{\"a\":\n1}", "[DONE]"]);
        for at in 1..text.len() {
            let (front, back) = text.split_at(at);
            assert_eq!(read(&[front, back]), whole, "cut at {at}");
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(read(&bytes), whole);
    }

    #[test]
    fn an_event_without_its_end_is_none() {
        assert_eq!(read(&[b"data: 1\n\ndata: 2\n"]), ["1"]);
    }

    #[test]
    fn a_stream_without_line_ends_fills_no_memory() {
        let mut events = Events::default();
        let piece = vec![b'x'; 1 << 20];
        let read = (0..5).map(|_| events.push(&piece)).find(Result::is_err);
        assert_eq!(read, Some(Err(TooLong)));
    }
}
